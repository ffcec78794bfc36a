import path from 'node:path';
import { kindNames } from '../client/doctor/fileKinds.ts';
import { type ValidatedFile, validateFile } from '../client/doctor/validateFile.ts';
import { plainLine } from '../core/diagnosis.ts';
import { print, printJson } from './output.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { currentFolder, type Program } from './repositorySessions.ts';

/** `holdfast validate FILE` */
export async function validateOne(_: Program, { name, json }: CommandArguments): Promise<number> {
  const validated = await validateFile(path.isAbsolute(name) ? name : path.join(currentFolder(), name));
  const isSound = validated.problems.length === 0;
  if (json) printJson({ ...validated, sound: isSound });
  else for (const line of validationLines(validated)) print(plainLine(line));
  return isSound ? 0 : 1;
}

const checksums = { right: 'its checksum is right', wrong: 'its checksum is wrong', none: 'it has no checksum' };

function validationLines({ file, kind, format, checksum, counts, problems }: ValidatedFile): string[] {
  const facts = [
    ...(format === undefined ? [] : [`format ${format}`]),
    ...(checksum === undefined ? [] : [checksums[checksum]]),
    ...Object.entries(counts).map(([what, count]) => `${what}: ${count}`),
  ];
  return [
    file,
    `  ${kindNames[kind]}${facts.length > 0 ? `; ${facts.join(', ')}` : ''}`,
    ...problems.map(({ where, problem }) => `  ${where ? `${where}: ` : ''}${problem}`),
    problems.length === 0 ? 'Sound.' : `${problems.length} problem${problems.length === 1 ? '' : 's'}.`,
  ];
}
