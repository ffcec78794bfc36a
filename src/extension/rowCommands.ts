import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { commandIds } from './ids.ts';

/**
 * What a click on a session's row runs: a command for each session, without arguments. VS Code forgets the arguments of
 * a row that is drawn anew before the new one is on the screen, and a click in between would be lost.
 */
export class RowCommands implements Disposable {
  readonly #registered = new DisposableStore();
  readonly #known = new Map<string, vscode.Command>();

  /** The same at each call. It stays until this is disposed of, for the row may be on the screen longer than the session is. */
  of(id: string): vscode.Command {
    const known = this.#known.get(id);
    if (known) return known;
    // The palette and other extensions are not shown what begins with an underscore.
    const command = { command: `_${commandIds.showTerminal}.${id}`, title: 'Show Terminal' };
    const show = () => vscode.commands.executeCommand(commandIds.showTerminal, id);
    this.#registered.add(vscode.commands.registerCommand(command.command, show));
    this.#known.set(id, command);
    return command;
  }

  dispose(): void {
    this.#registered.dispose();
  }
}
