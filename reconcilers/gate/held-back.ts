/** What the gate holds of a Project, and how to let it through. */
export interface HeldBack {
  reason: string;
  message: string;
}
