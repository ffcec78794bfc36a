import assert from 'node:assert/strict';
import {
  type Machine,
  previousTranscript,
  repositoryKey,
  repositoryPlaces,
  sessionPlaces,
  socketFolder,
  stateFolder,
} from '../../../src/node/places.ts';

const key = '0123456789abcdef';

const linux = machine({ platform: 'linux', homedir: '/home/me', tmpdir: '/tmp', user: '1000' });
const mac = machine({ platform: 'darwin', homedir: '/Users/me', tmpdir: '/var/folders/ab/T', user: '501' });
const windows = machine({ platform: 'win32', homedir: 'C:\\Users\\me', tmpdir: 'C:\\Temp', user: 'me' });

describe('the state folder', () => {
  const cases: [where: string, machine: Machine, folder: string][] = [
    ['on Linux', linux, '/home/me/.local/state/holdfast'],
    ['on Linux with XDG_STATE_HOME', withEnv(linux, { XDG_STATE_HOME: '/state' }), '/state/holdfast'],
    [
      'on Linux with a relative XDG_STATE_HOME',
      withEnv(linux, { XDG_STATE_HOME: 'state' }),
      '/home/me/.local/state/holdfast',
    ],
    ['on macOS', mac, '/Users/me/Library/Application Support/holdfast'],
    ['on Windows', windows, 'C:\\Users\\me\\AppData\\Local\\holdfast'],
    ['on Windows with LOCALAPPDATA', withEnv(windows, { LOCALAPPDATA: 'D:\\Local' }), 'D:\\Local\\holdfast'],
    ['where the user says', withEnv(mac, { HOLDFAST_STATE_DIR: '/mine' }), '/mine'],
  ];
  for (const [where, at, folder] of cases) it(`${where} is ${folder}`, () => assert.equal(stateFolder(at), folder));

  for (const [at, folder] of [
    [linux, 'state'],
    [windows, '.\\state'],
  ] as const) {
    it(`cannot be ${folder} on ${at.platform}, which each process would take for another one`, () => {
      assert.throws(() => stateFolder(withEnv(at, { HOLDFAST_STATE_DIR: folder })), { code: 'INVALID_ARGUMENT' });
    });
  }
});

describe('the socket folder', () => {
  const cases: [where: string, machine: Machine, folder: string][] = [
    ['on Linux', linux, '/tmp/holdfast-1000'],
    ['on Linux with XDG_RUNTIME_DIR', withEnv(linux, { XDG_RUNTIME_DIR: '/run/user/1000' }), '/run/user/1000/holdfast'],
    ['on macOS', mac, '/var/folders/ab/T/holdfast-501'],
    ['where the user says', withEnv(linux, { HOLDFAST_RUNTIME_DIR: '/mine', XDG_RUNTIME_DIR: '/run' }), '/mine'],
  ];
  for (const [where, at, folder] of cases) it(`${where} is ${folder}`, () => assert.equal(socketFolder(at), folder));

  it('cannot be a relative path, which each process would take for another one', () => {
    assert.throws(() => socketFolder(withEnv(linux, { HOLDFAST_RUNTIME_DIR: 'run' })), { code: 'INVALID_ARGUMENT' });
  });
});

describe('a socket', () => {
  it('is a named pipe on Windows', () => {
    assert.match(repositoryPlaces(windows, key).helperSocket, /^\\\\\.\\pipe\\holdfast-helper-[0-9a-f]{16}$/);
  });

  it('has a name that only the same state folder, repository and session give', () => {
    const elsewhere = withEnv(linux, { HOLDFAST_STATE_DIR: '/other' });
    const sockets = [
      repositoryPlaces(linux, key).helperSocket,
      repositoryPlaces(linux, 'f'.repeat(16)).helperSocket,
      repositoryPlaces(elsewhere, key).helperSocket,
      sessionPlaces(linux, key, 'a').socket,
      sessionPlaces(linux, key, 'b').socket,
      sessionPlaces(elsewhere, key, 'a').socket,
    ];
    assert.equal(new Set(sockets).size, sockets.length);
  });

  it('is found at the same place again', () => {
    assert.equal(sessionPlaces(linux, key, 'a').socket, sessionPlaces({ ...linux }, key, 'a').socket);
  });

  it('is refused, with advice, where its path is longer than macOS allows', () => {
    const deep = withEnv(mac, { HOLDFAST_RUNTIME_DIR: `/${'x'.repeat(80)}` });
    assert.throws(() => repositoryPlaces(deep, key), {
      code: 'UNSAFE_FOLDER',
      advice: 'Set HOLDFAST_RUNTIME_DIR to a short folder of your own.',
    });
  });

  it('fits into the longest temp folder that macOS makes', () => {
    const usual = { ...mac, tmpdir: '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T' };
    assert.ok(Buffer.byteLength(repositoryPlaces(usual, key).helperSocket) <= 103);
  });
});

describe('a session’s files', () => {
  it('lie together under the repository’s key', () => {
    const { socket, ...files } = sessionPlaces(withEnv(linux, { HOLDFAST_STATE_DIR: '/s' }), key, 'id');
    const folder = `/s/${key}/sessions/id`;
    const names = Object.values(files)
      .filter((file) => file !== folder)
      .map((file) => file.slice(folder.length));
    assert.deepEqual(names.sort(), [
      '/checkpoint.json',
      '/host.json',
      '/host.lock',
      '/host.log',
      '/launch.json',
      '/record.json',
      '/screen.json',
      '/teardown.log',
      '/transcript.cast',
    ]);
  });

  it('have the older transcript beside the current one', () => {
    assert.equal(previousTranscript('/s/transcript.cast'), '/s/transcript.1.cast');
  });
});

describe('a repository’s key', () => {
  it('is 16 hexadecimal digits that depend on the path alone', () => {
    assert.deepEqual([repositoryKey('/a'), repositoryKey('/a') === repositoryKey('/b')], ['6a50dc8584134c7d', false]);
  });
});

function machine(facts: Omit<Machine, 'env'>): Machine {
  return { ...facts, env: {} };
}

function withEnv(at: Machine, env: Record<string, string>): Machine {
  return { ...at, env };
}
