// Lays a gzip and a Brotli copy beside each file of the built app, where that is smaller: the server only hands them out.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const SITE = new URL("../dist/site", import.meta.url).pathname;
const TEXT = /\.(html|js|css|json|webmanifest|svg|txt|ico)$/;
/** Below this the headers weigh more than what is saved, in bytes. */
const BYTES_MIN = 512;

let [plain, small, script] = [0, 0, 0];
for (const found of readdirSync(SITE, { recursive: true, withFileTypes: true })) {
  const path = join(found.parentPath, found.name);
  if (!found.isFile()) continue;
  if (/\.(br|gz|map)$/.test(path)) {
    rmSync(path);
    continue;
  }
  const bytes = readFileSync(path);
  plain += bytes.length;
  if (!TEXT.test(path) || bytes.length < BYTES_MIN) {
    small += bytes.length;
    continue;
  }
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  if (gzip.length < bytes.length) writeFileSync(`${path}.gz`, gzip);
  if (brotli.length < bytes.length) writeFileSync(`${path}.br`, brotli);
  small += Math.min(bytes.length, brotli.length);
  if (path.endsWith(".js")) script += gzip.length;
}
console.log(`web: ${plain} bytes, ${small} compressed; all scripts ${script} bytes by gzip`);
