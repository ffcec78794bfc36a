import { isMisleading } from './misleadingVariables.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a git is given beside its usual variables when it runs the user’s hooks: they see text in the user’s own
 * encoding, and nothing of the editor’s processes, while git itself goes on to speak English.
 */
export function hookEnvironment(env: Variables): Record<string, string | undefined> {
  const misleading = Object.keys(env).filter((name) => isMisleading(name, env));
  const encoding = env.LC_ALL || undefined;
  return {
    ...Object.fromEntries(misleading.map((name) => [name, undefined])),
    LC_ALL: undefined,
    LC_MESSAGES: 'C',
    LC_CTYPE: encoding ?? env.LC_CTYPE,
    LANG: encoding ?? env.LANG ?? 'C.UTF-8',
    LANGUAGE: undefined,
    GIT_OPTIONAL_LOCKS: undefined,
  };
}
