/** How the rows of a view were drawn last, so that only what looks different is drawn anew. */
export class DrawnRows {
  readonly #looks = new Map<string, string>();
  #layout: string | undefined;

  /** A row is drawn with this look now; anything of it that can be told apart will do. */
  noteLook(id: string, look: string): void {
    this.#looks.set(id, look);
  }

  /** Returns the ids of those that look different from how they were drawn. */
  changed(looks: ReadonlyMap<string, string>): string[] {
    return [...looks].filter(([id, look]) => look !== this.#looks.get(id)).map(([id]) => id);
  }

  /**
   * Returns whether rows came, went or moved since this was asked last, so that the view has to be drawn as a whole.
   *
   * @param groups the ids of the rows, in order
   */
  isLaidOutAnew(groups: readonly (readonly string[])[]): boolean {
    const layout = JSON.stringify(groups);
    const isNew = layout !== this.#layout;
    this.#layout = layout;
    return isNew;
  }

  /** All rows count as changed. */
  forgetLooks(): void {
    this.#looks.clear();
  }
}
