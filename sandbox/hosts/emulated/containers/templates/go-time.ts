/** A time that a template shows as Go prints times, and JSON as everybody writes them. */
export class GoTime {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return `${this.text.replace('T', ' ').replace('Z', '')} +0000 UTC`;
  }

  toJSON(): string {
    return this.text;
  }
}
