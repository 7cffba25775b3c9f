/**
 * What a browser test stands on: a real server, and before it a proxy of ours that hands out a built page and can cut
 * or stop what goes through.
 */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

const ROOT = new URL("../../..", import.meta.url).pathname;
const BINARY = process.env["TIDINGS_BINARY"] ?? join(process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target"), "debug/tidings");
const MEDIA: { readonly [ending: string]: string } = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
/** How long a server may take to come up, in milliseconds. */
const UP_MS_MAX = 20_000;

export type Served = {
  /** What a browser types. */
  url: string;
  /** Nothing goes through any more, and what was open is cut; or it goes again. */
  cut(on: boolean): void;
  /** Ends the server at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on what it kept. */
  start(): Promise<void>;
  end(): Promise<void>;
};

/** Starts a server behind a proxy that hands out the files of `site`; without one, the server's own app comes through. */
export async function serve(site?: string): Promise<Served> {
  const data = mkdtempSync(join(tmpdir(), "tidings-web-"));
  const sockets = new Set<Socket>();
  const port = await freePort();
  let is_cut = false;
  let process_: ChildProcess | undefined;

  const proxy: Server = createServer((asked, answer) => {
    const path = new URL(asked.url ?? "/", "http://here").pathname;
    if (site !== undefined && !path.startsWith("/v1/")) {
      const file = join(site, path === "/" ? "index.html" : path);
      if (!file.startsWith(site) || !isFile(file)) return void answer.writeHead(404).end();
      answer.writeHead(200, { "content-type": MEDIA[extname(file)] ?? "application/octet-stream" });
      return void answer.end(readFileSync(file));
    }
    if (is_cut) return void asked.socket.destroy();
    const through = request(
      { host: "127.0.0.1", port, path: asked.url, method: asked.method, headers: asked.headers },
      (came) => {
        answer.writeHead(came.statusCode ?? 502, came.headers);
        came.pipe(answer);
      },
    );
    through.on("error", () => asked.socket.destroy());
    asked.pipe(through);
  });
  proxy.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  proxy.on("upgrade", (asked, socket: Socket, head) => {
    if (is_cut) return void socket.destroy();
    const up = connect(port, "127.0.0.1", () => {
      const headers = Object.entries(asked.headers).map(([name, value]) => `${name}: ${String(value)}`);
      up.write([`${asked.method} ${asked.url} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
      up.write(head);
      up.pipe(socket).pipe(up);
    });
    up.on("error", () => socket.destroy());
    socket.on("error", () => up.destroy());
    socket.on("close", () => up.destroy());
    up.on("close", () => socket.destroy());
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  const start = async (): Promise<void> => {
    const flags = ["--data", data, "--listen", `127.0.0.1:${port}`, "--public-url", url, "--sign-up", "open"];
    const started = spawn(BINARY, ["serve", ...flags], { stdio: ["ignore", "ignore", "pipe"] });
    process_ = started;
    let said = "";
    started.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4_000)));
    for (const late_ms = Date.now() + UP_MS_MAX; !(await isUp(port)); ) {
      if (Date.now() > late_ms || started.exitCode !== null) throw new Error(`the server did not come up: ${said}`);
    }
  };
  const kill = (): Promise<void> =>
    new Promise((gone) => {
      if (!process_ || process_.exitCode !== null) return gone();
      process_.once("exit", () => gone());
      process_.kill("SIGKILL");
    });
  await start();
  return {
    url,
    cut(on) {
      is_cut = on;
      if (on) for (const socket of sockets) socket.destroy();
    },
    kill,
    start,
    async end() {
      await kill();
      proxy.closeAllConnections();
      await new Promise((closed) => proxy.close(closed));
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => found(port));
    });
  });
}

function isUp(port: number): Promise<boolean> {
  return new Promise((told) => {
    const asked = request({ host: "127.0.0.1", port, path: "/healthz" }, (answer) => {
      answer.resume();
      told(answer.statusCode === 200);
    });
    asked.on("error", () => setTimeout(() => told(false), 20));
    asked.end();
  });
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
