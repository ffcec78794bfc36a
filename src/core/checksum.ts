import { createHash } from 'node:crypto';

/** SHA-256 of a value’s JSON text in hex: equal for the same fields in the same order. */
export function checksum(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

type Fields = Record<string, unknown>;

/** The fields with their `sha256`, which stands where `sha256: ''` stood. */
export function sealed<T extends Fields & { sha256: '' }>(fields: T): Omit<T, 'sha256'> & { sha256: string } {
  return { ...fields, sha256: checksum(unsealed(fields)) };
}

/** Whether the fields are as they were when they got their `sha256`. */
export function isIntact(fields: Fields): boolean {
  return fields.sha256 === checksum(unsealed(fields));
}

function unsealed({ sha256: _, ...rest }: Fields): Fields {
  return rest;
}
