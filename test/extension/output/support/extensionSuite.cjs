"use strict";
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// ../../work/main/test/support/extensionSuite.ts
var extensionSuite_exports = {};
__export(extensionSuite_exports, {
  run: () => run
});
module.exports = __toCommonJS(extensionSuite_exports);
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
var import_node_util = require("node:util");
var import_mocha2 = __toESM(require("mocha/lib/mocha.cjs"), 1);

// ../../work/main/test/support/mochaRun.ts
var import_mocha = __toESM(require("mocha/lib/mocha.cjs"), 1);
async function runMocha({ files, timeout, grep, rootHooks = {} }) {
  const mocha = new import_mocha.default({ ui: "bdd", timeout, rootHooks, slow: timeout / 4, forbidOnly: Boolean(process.env["CI"]) });
  if (grep) mocha.fgrep(grep);
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const runner = await new Promise((resolve) => {
    const started = mocha.run(() => resolve(started));
  });
  const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
  return { passed: passes, failed: failures, skipped: pending };
}

// ../../work/main/test/support/reportMark.ts
var reportMark = "test | ";

// ../../work/main/test/support/testRun.ts
function currentTestRun(env = process.env) {
  const id = env["HOLDFAST_TEST_RUN"];
  const folder = env["HOLDFAST_TEST_FOLDER"];
  if (!id || !folder || !env["HOLDFAST_STATE_DIR"]?.startsWith(folder)) {
    throw new Error("HOLDFAST_STATE_DIR is not a temp folder of a test run: start the tests with npm test.");
  }
  return { id, folder };
}

// ../../work/main/test/support/extensionSuite.ts
async function run() {
  const results = (0, import_node_path.join)(currentTestRun().folder, "results.json");
  const folder = requiredVariable("HOLDFAST_SUITE_FOLDER");
  const files = (0, import_node_fs.readdirSync)(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".test.cjs"));
  markReport();
  const counts = await runMocha({
    files: files.sort().map((file) => (0, import_node_path.join)(folder, file)),
    timeout: Number(requiredVariable("HOLDFAST_SUITE_TIMEOUT")),
    grep: process.env["HOLDFAST_SUITE_GREP"]
  });
  (0, import_node_fs.writeFileSync)(results, JSON.stringify(counts));
}
function markReport() {
  const base = import_mocha2.default.reporters.Base;
  base.consoleLog = (...args) => {
    for (const line of (0, import_node_util.format)(...args).split("\n")) console.log(`${reportMark}${line}`);
  };
}
function requiredVariable(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  run
});
