/** Moves the focus to what a virtual list has yet to draw: it comes within a few frames after it was scrolled to. */
const FRAMES_MAX = 20;

export function focusSoon(within: HTMLElement | null, selector: string): void {
  let frames = 0;
  const look = () => {
    const found = within?.querySelector<HTMLElement>(selector);
    found?.focus({ preventScroll: true });
    // Until it is measured it is hidden, and what is hidden takes no focus.
    if (document.activeElement === found && found) return;
    if ((frames += 1) < FRAMES_MAX) requestAnimationFrame(look);
  };
  look();
}
