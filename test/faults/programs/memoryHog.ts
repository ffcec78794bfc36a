// Starts a child in a session of its own that takes 600 MB at once and keeps them whatever it is told; says its pid.
import { spawn } from 'node:child_process';

const keep = 'process.on("SIGHUP", () => 0); const taken = Buffer.alloc(600e6, 1); setInterval(() => taken, 1e6)';
const hog = spawn(process.execPath, ['-e', keep], { detached: true, stdio: 'ignore' });
process.stdout.write(`hog ${hog.pid}\n`);
