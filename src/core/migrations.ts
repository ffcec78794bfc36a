/** A registry file’s top-level fields, as JSON has them. */
export type DocumentFields = Record<string, unknown>;

/** One step between two formats of the envelope. What a step does not know it leaves as it is. */
export interface Migration {
  /** The older format; the newer one is the next number. */
  from: number;
  up: (fields: DocumentFields) => DocumentFields;
  down: (fields: DocumentFields) => DocumentFields;
}

/** The format that is written. */
export const envelopeFormat = 2;

/** In the order of their formats. */
export const migrations: readonly Migration[] = [
  {
    // The first builds had no generation and a checksum over the sessions alone.
    from: 1,
    up: ({ sha256: _, ...fields }) => ({ ...fields, format: 2, generation: 0 }),
    down: ({ format: _, generation: _g, savedAt: _t, sums: _m, sha256: _s, ...fields }) => fields,
  },
];

/** The fields in the current format; those of a newer one as they are. */
export function migrate(fields: DocumentFields, to: number = envelopeFormat): DocumentFields {
  let migrated = fields;
  for (const { from, up } of migrations) {
    if (formatOf(migrated) === from && from < to) migrated = up(migrated);
  }
  for (const { from, down } of [...migrations].reverse()) {
    if (formatOf(migrated) === from + 1 && from >= to) migrated = down(migrated);
  }
  return migrated;
}

export function formatOf({ format }: DocumentFields): number {
  return typeof format === 'number' ? format : 1;
}
