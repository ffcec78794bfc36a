import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from './paths.ts';
import { packageFor, targets } from './vsix.ts';

const usage = `npm run package -- [options]

  --target NAME   the platform to pack for; may be repeated, and is this one if left out:
                  ${targets.join(', ')}
  --out FOLDER    where the packages go, instead of the root of the clone
  --help          prints this`;

interface PackageOptions {
  readonly help: boolean;
  readonly targets: readonly string[];
  readonly out: string;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await packageAll(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @throws {Error} with a message for the user, and the usage, for an option or a target that does not exist. */
function parseOptions(args: string[]): PackageOptions {
  try {
    const { values } = parseArgs({
      args,
      options: {
        target: { type: 'string', multiple: true, default: [`${process.platform}-${process.arch}`] },
        out: { type: 'string', default: repositoryRoot },
        help: { type: 'boolean', default: false },
      },
    });
    const unknown = values.target.find((target) => !targets.includes(target));
    if (unknown !== undefined) throw new Error(`There is no target ${unknown}.`);
    return { help: values.help, targets: values.target, out: resolve(process.env.INIT_CWD ?? '', values.out) };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

async function packageAll({ targets, out }: PackageOptions): Promise<void> {
  for (const target of targets) {
    const { file, size } = await packageFor(target, out);
    console.log(`${file}: ${(size / 1024 / 1024).toFixed(2)} MB`);
  }
}
