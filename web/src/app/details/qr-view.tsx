/** A link as a picture for a camera: dark on light in both themes, for that is what cameras read. */
import { useMemo } from "react";
import { qr } from "./qr";

export default function QrView({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => {
    const modules = qr(text);
    return {
      size: modules.length,
      path: modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join(""),
    };
  }, [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`-4 -4 ${size + 8} ${size + 8}`}
      shapeRendering="crispEdges"
      className="size-52 rounded-xl"
    >
      <rect x={-4} y={-4} width={size + 8} height={size + 8} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
