/** Whether a window can be shown. */
export function isDisplayed(): boolean {
  return process.platform !== 'linux' || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
}
