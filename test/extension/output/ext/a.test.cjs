"use strict";
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
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

// ext/a.test.ts
var import_node_assert = __toESM(require("node:assert"), 1);
var import_node_child_process = require("node:child_process");
var vscode = __toESM(require("vscode"), 1);
describe("fixture", () => {
  it("adds a thing", async () => {
    const api = await vscode.extensions.getExtension("holdfast.fixture").activate();
    await api.add({ name: "one" });
    import_node_assert.default.equal(api.count(), 1);
  });
  it("fails honestly", () => {
    console.log("a line");
    import_node_assert.default.equal(1, 2);
  });
  if (process.env.LEAK) it("leaks", () => {
    (0, import_node_child_process.spawn)("sleep", ["300"], { detached: true, stdio: "ignore" }).unref();
  });
  it.skip("later", () => {
  });
});
