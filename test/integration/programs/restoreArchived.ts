// A window that brings the archived session of that id back.
import { openProgramWindow } from '../support/programWindow.ts';

const { manager, args } = await openProgramWindow();
await manager.state.restoreArchived(args[0] ?? '');
manager.dispose();
