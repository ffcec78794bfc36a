// Takes the place of @vscode/native-watchdog in the VS Code server: its original is native code and would need a
// compiler. An extension host also looks for its parent every second in JavaScript, so nothing is left to do here.
exports.start = () => {};
