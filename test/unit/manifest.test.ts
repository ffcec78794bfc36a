import assert from 'node:assert/strict';
import manifest from '../../package.json' with { type: 'json' };
import { supervisionSettingNames } from '../../src/core/supervisionConfiguration.ts';
import {
  commandIds,
  contextKeys,
  settingIds,
  submenuIds,
  treeContexts,
  viewIds,
  windowStates,
} from '../../src/extension/ids.ts';
import { isSupportedVersion } from '../../src/node/git.ts';

const { commands, views, viewsContainers, viewsWelcome, menus, submenus, configuration } = manifest.contributes;

const menuItems: { command?: string; submenu?: string; when?: string }[] = Object.values(menus).flat();

describe('the manifest', () => {
  it('declares the commands that the code knows', () => {
    assert.deepEqual(sorted(commands.map(({ command }) => command)), sorted(Object.values(commandIds)));
  });

  it('lists every command under Holdfast', () => {
    assert.deepEqual(
      commands.filter(({ category }) => category !== 'Holdfast'),
      [],
    );
  });

  it('declares the views that the code knows', () => {
    assert.deepEqual(
      Object.values(views)
        .flat()
        .map(({ id }) => id),
      Object.values(viewIds),
    );
  });

  it('puts its views into its own container', () => {
    assert.deepEqual(
      Object.keys(views),
      viewsContainers.activitybar.map(({ id }) => id),
    );
  });

  it('declares the settings that the code knows', () => {
    assert.deepEqual(sorted(Object.keys(configuration.properties)), sorted(Object.values(settingIds)));
  });

  it('has all windows of a machine agree about what its helper goes by', () => {
    const scopes = new Map(Object.entries(configuration.properties).map(([name, { scope }]) => [name, scope]));
    const others = [...supervisionSettingNames, 'surviveLogout'].filter(
      (name) => scopes.get(`holdfast.${name}`) !== 'machine',
    );
    assert.deepEqual(others, []);
  });

  it('gives each setting a default and a description', () => {
    const incomplete = Object.entries(configuration.properties).filter(
      ([, setting]) => setting.default === undefined || !setting.markdownDescription,
    );
    assert.deepEqual(incomplete, []);
  });

  it('has menus for commands that exist alone', () => {
    const known = new Set<string>(Object.values(commandIds));
    const used = menuItems.flatMap(({ command }) => command ?? []);
    assert.deepEqual(
      used.filter((command) => !known.has(command)),
      [],
    );
  });

  it('has the menus inside menus that the code knows, and each of them in a menu', () => {
    const used = menuItems.flatMap(({ submenu }) => submenu ?? []);
    const declared = sorted(submenus.map(({ id }) => id));
    assert.deepEqual([declared, sorted(used)], [sorted(Object.values(submenuIds)), declared]);
  });

  it('offers to retry or give up only where a session recovers', () => {
    const retries: string[] = [commandIds.retryNow, commandIds.giveUp];
    assert.deepEqual(
      menus.commandPalette.filter(({ command }) => retries.includes(command)).map(({ when }) => when),
      [contextKeys.hasRecovering, contextKeys.hasRecovering],
    );
  });

  it('offers in the palette of a window without a folder nothing but its log', () => {
    const state = new RegExp(`${contextKeys.state} (==|=~|!= noFolder)|${contextKeys.hasRecovering}`);
    const hidden = menus.commandPalette.filter(({ when }) => state.test(when)).map(({ command }) => command);
    assert.deepEqual(
      commands.map(({ command }) => command).filter((command) => !hidden.includes(command)),
      [commandIds.showLog],
    );
  });

  it('puts no two entries of a menu in the same place', () => {
    const places = Object.entries(menus).flatMap(([menu, items]) =>
      items.flatMap((item) =>
        'group' in item ? [[menu, item.group, (item as { when?: string }).when].join(' ')] : [],
      ),
    );
    assert.deepEqual(
      places.filter((place, index) => places.indexOf(place) < index),
      [],
    );
  });

  it('links from its texts to commands that exist alone', () => {
    const known = new Set<string>([...Object.values(commandIds), 'vscode.openFolder']);
    const links = viewsWelcome.flatMap(({ contents }) => [...contents.matchAll(/\(command:([^)]+)\)/g)]);
    assert.deepEqual(
      links.map(([, command = '']) => command).filter((command) => !known.has(command)),
      [],
    );
  });

  it('has a welcome text for each state of a window', () => {
    const states = viewsWelcome.map(({ when }) => when.replace(`${contextKeys.state} == `, ''));
    assert.deepEqual(sorted(states), sorted(windowStates));
  });

  it('says without git which one is needed, and offers to try again', () => {
    const { contents } = viewsWelcome.find(({ when }) => when.endsWith('gitMissing')) ?? { contents: '' };
    const [, major = 0, minor = 0] = (contents.match(/git (\d+)\.(\d+) or newer/) ?? []).map(Number);
    assert.deepEqual(
      [isSupportedVersion(`${major}.${minor}`), isSupportedVersion(`${major}.${minor - 1}`)],
      [true, false],
    );
    assert.ok(contents.includes(`\n[Try Again](command:${commandIds.tryAgain})`));
  });

  it('asks in its conditions only for what the code sets', () => {
    const conditions = [...menuItems, ...viewsWelcome].flatMap(({ when }) => when ?? []);
    assert.deepEqual(
      conditions.flatMap((when) => when.split(' && ')).filter((term) => !canBeTrue(term)),
      [],
    );
  });

  it('offers every session something, running or ended', () => {
    const items = menus['view/item/context'].map(({ when }) => when);
    const without = Object.values(treeContexts).filter((context) => !items.some((when) => matches(when, context)));
    assert.deepEqual(without, []);
  });

  it('is written against the release of VS Code that it asks for', () => {
    const minor = (version: string) => version.replace('^', '').split('.').slice(0, 2).join('.');
    assert.equal(minor(manifest.devDependencies['@types/vscode']), minor(manifest.engines.vscode));
  });
});

/** What a condition may compare, and the values that the code gives to it. */
const contexts: Record<string, readonly string[]> = {
  view: Object.values(viewIds),
  viewItem: Object.values(treeContexts),
  [contextKeys.state]: windowStates,
};

function canBeTrue(term: string): boolean {
  if (term === contextKeys.hasRecovering) return true;
  const [, name = '', operator, wanted = ''] = term.match(/^(\S+) (==|!=|=~) (.+)$/) ?? [];
  const values = contexts[name] ?? [];
  if (operator === '!=') return values.includes(wanted);
  return operator === '==' ? values.includes(wanted) : values.some((value) => toPattern(wanted).test(value));
}

function matches(when: string, viewItem: string): boolean {
  const [, operator, wanted = ''] = when.match(/viewItem (==|=~) (\S+)/) ?? [];
  return operator === '==' ? viewItem === wanted : toPattern(wanted).test(viewItem);
}

function toPattern(literal: string): RegExp {
  return new RegExp(literal.replace(/^\/|\/$/g, ''));
}

function sorted(values: Iterable<string>): string[] {
  return [...values].sort();
}
