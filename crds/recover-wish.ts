/** What RECOVER_ANNOTATION asks for: that server's replacement, from its newest snapshot unless it is to be clean. */
export interface RecoverWish {
  /** DigitalOcean's id of the server that is meant. */
  serverID: number;
  /** Boot the image of the spec, though there is a snapshot. */
  clean: boolean;
}

/** The annotation's text: `123`, or `123 clean`. */
export const formatRecoverWish = ({ serverID, clean }: RecoverWish): string =>
  clean ? `${serverID} clean` : `${serverID}`;

/** What such a text asks for; undefined when it is none. */
export function parseRecoverWish(text: string | undefined): RecoverWish | undefined {
  const words = /^\s*(?<id>\d{1,15})(?<clean>\s+clean)?\s*$/.exec(text ?? '')?.groups;
  return words && { serverID: Number(words['id']), clean: words['clean'] !== undefined };
}
