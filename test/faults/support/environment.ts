/** For the surrounding suite: variables that the helpers and hosts of its cases are started with. */
export function useEnvironment(variables: Record<string, string>): void {
  const former = new Map<string, string | undefined>();
  before(() => {
    for (const [name, value] of Object.entries(variables)) {
      former.set(name, process.env[name]);
      process.env[name] = value;
    }
  });
  after(() => {
    for (const [name, value] of former) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}
