/** The content of a JSON file; an editor may have put a byte order mark before it. @throws {SyntaxError} */
export function parseText(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}
