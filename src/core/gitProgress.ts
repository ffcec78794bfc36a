/** How far git has got with one of its steps. */
export interface GitProgress {
  /** In git's words: “Updating files”, “Receiving objects”. */
  step: string;
  /** 0 to 100. */
  percent: number;
}

const counted = /^(?:remote: )?([A-Z][\w ]*?): +(\d{1,3})% \(\d+\/\d+\)/;
const uncounted = /^(?:remote: )?[A-Z][\w ]*?: +\d+(?:, done\.)?\s*$/;
const announced = /^Preparing worktree /;

/** Reads one line of what git says with `--progress`, in its own locale; undefined for anything else. */
export function readProgress(line: string): GitProgress | undefined {
  const [, step, percent] = counted.exec(line) ?? [];
  return step === undefined ? undefined : { step, percent: Math.min(100, Number(percent)) };
}

/** What is left of git's words on standard error without those that only tell how far it is. */
export function withoutProgress(stderr: string): string {
  const lines = stderr.split(/\r\n|[\r\n]/);
  return lines.filter((line) => !counted.test(line) && !uncounted.test(line) && !announced.test(line)).join('\n');
}

const words: Record<string, string> = {
  'Updating files': 'Checking out files',
  'Filtering content': 'Downloading large files',
};

/** “Checking out files 40 %”. */
export function describeProgress({ step, percent }: GitProgress): string {
  return `${words[step] ?? step} ${percent} %`;
}
