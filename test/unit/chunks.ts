/** Splits at offsets drawn at random, so that a property holds for any way in which bytes may arrive. */
export function split(data: Buffer, cuts: readonly number[]): Buffer[] {
  const offsets = [...new Set(cuts.map((cut) => cut % (data.length + 1)))].sort((a, b) => a - b);
  return [...offsets, data.length].map((end, index) => data.subarray(offsets[index - 1] ?? 0, end));
}
