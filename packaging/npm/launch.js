"use strict";
// Runs a program of the package that npm installed for this system, as if it had been called itself: the same streams,
// the same exit code, the same signal. Nothing is fetched.

const { spawn } = require("node:child_process");
const path = require("node:path");

const NAMES = {
  linux: ["", "-musl"],
  darwin: [""],
  win32: [""],
};

function find(program) {
  const file = process.platform === "win32" ? `${program}.exe` : program;
  for (const library of NAMES[process.platform] ?? []) {
    const name = `aep-auth-${process.platform}-${process.arch}${library}`;
    try {
      return path.join(path.dirname(require.resolve(`${name}/package.json`)), "bin", file);
    } catch {
      // npm installs the one that fits this system's C library.
    }
  }
  return undefined;
}

function fail(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exitCode = 1;
}

module.exports = function launch(name) {
  const program = find(name);
  if (program === undefined) {
    fail(
      `the programs for ${process.platform} on ${process.arch} are not installed beside the npm package aep-auth`,
      "npm install --include=optional aep-auth; docs/install.md lists the systems and the other ways",
    );
    return;
  }
  const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
  // A terminal sends its signals to the program as well; a signal for this process alone is passed on.
  const signals = process.platform === "win32" ? [] : ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];
  const isOfTerminal = (signal) => signal !== "SIGTERM" && process.stdin.isTTY;
  const pass = (signal) => isOfTerminal(signal) || child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  if (process.platform === "win32") process.on("SIGINT", () => {});
  child.on("error", (error) => fail(`${program} cannot be run: ${error.code ?? error.message}`, "npm install --force aep-auth"));
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    // Ended by the same signal, which a shell tells apart from an exit code.
    for (const name of signals) process.removeListener(name, pass);
    process.kill(process.pid, signal);
  });
};
