/** How the web app is built: one page, hashed files, nothing inline, so that it runs under a strict CSP. */
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/",
  plugins: [tailwindcss(), react()],
  build: {
    target: "es2022",
    // The polyfill is a script of its own; every browser that runs the rest has module preload.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
});
