/** A metav1.MicroTime of ms since the epoch: the API server refuses a Lease whose times do not have six decimals. */
export const toMicroTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
