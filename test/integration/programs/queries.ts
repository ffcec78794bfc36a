// Asks the terminal questions and prints how often each was answered, once the answer to the last one is in.
process.stdin.setRawMode(true);
const questions = ['\x1b[6n', '\x1b[c', '\x1b]11;?\x1b\\', '\x1b]7501;?\x1b\\', '\x1b]4;1;?\x07'];
const answers = [
  /\x1b\[\d+;\d+R/g,
  /\x1b\[\?[\d;]+c/g,
  /\x1b\]11;rgb:[^\x1b]*\x1b\\/g,
  /\x1b\]7501;\?\x1b\\/g,
  /\x1b\]4;1;rgb:/g,
];
let received = '';
process.stdin.on('data', (data) => {
  received += data.toString('latin1');
  // The device status report is asked last, so that a second answer to the others would come before its own.
  if (!received.includes('\x1b[0n')) return;
  process.stdout.write(`answers: ${answers.map((answer) => received.match(answer)?.length ?? 0).join(' ')}\r\n`);
  received = '';
});
process.on('SIGUSR2', () => process.stdout.write(`${questions.join('')}\x1b[5n`));
process.stdout.write('ready\r\n');
