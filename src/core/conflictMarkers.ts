/** A conflict marker that is followed by a commit, and that by the file's name in it where it has another one. */
const marker = /^([<>|]{7,}) ([0-9a-f]{40,64})(?=[:\r\n]|$)/gm;

/**
 * Returns a text with conflicts in which the commits beside the markers have names, where they have any.
 *
 * @param names by full hash
 * @see https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
 */
export function withNamedMarkers(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(marker, (_, signs: string, commit: string) => `${signs} ${names[commit] ?? commit.slice(0, 7)}`);
}
