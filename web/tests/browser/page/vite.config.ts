/** Builds the page that has an engine and no screens. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  build: { target: "es2022", outDir: "../../../dist/engine", emptyOutDir: true, modulePreload: { polyfill: false } },
  worker: { format: "es" },
});
