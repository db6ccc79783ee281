// Starts Azurite's blob service and ends with whoever holds its standard input,
// so that a test that is killed leaves no server behind.
//
//   node serve.js NODE_MODULES [azurite-blob option]...
"use strict";

const path = require("path");

const [modules] = process.argv.splice(2, 1);
process.stdin.on("end", () => process.exit(0)).resume();
require(path.join(modules, "azurite", "dist", "src", "blob", "main.js"));
