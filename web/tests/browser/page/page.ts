/** The engine without screens, for tests that give it orders from outside. */

import { connect } from "../../../src/engine/connect";

(globalThis as { engine?: unknown }).engine = connect();
