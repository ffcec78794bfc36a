// A window that destroys the session of that id, and its worktree with all that is archived.
import { openProgramWindow } from '../support/programWindow.ts';

const { manager, args } = await openProgramWindow();
await manager.destroy(args[0] ?? '', { worktree: 'archive' });
manager.dispose();
