/** In the place of what was asked for: why it cannot be shown. */
import { whyNot } from "./order";

export function No({ no }: { no: unknown }) {
  return (
    <p role="alert" className="p-4 text-danger">
      {whyNot(no)}
    </p>
  );
}
