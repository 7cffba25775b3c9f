/** Tests in a real browser, against a real server: one at a time. */
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["tests/browser/**/*.browser.ts"], fileParallelism: false, hookTimeout: 60_000 } });
