// What the shell's grammar (POSIX, "Shell Command Language") makes of a script.

/** A piece of a word. What is quoted is neither split nor matched against file names. */
export type WordPart =
  | { readonly type: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly type: 'parameter';
      readonly name: string;
      readonly quoted: boolean;
      readonly operator?: ParameterOperator;
      readonly operand?: Word;
    }
  | { readonly type: 'command'; readonly script: Script; readonly quoted: boolean }
  | { readonly type: 'arithmetic'; readonly expression: Word; readonly quoted: boolean };

/** `#` before the name is written `length`. */
export type ParameterOperator =
  | '-' | ':-' | '=' | ':=' | '?' | ':?' | '+' | ':+' | '%' | '%%' | '#' | '##' | 'length'; // prettier-ignore

export type Word = readonly WordPart[];

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export interface Redirection {
  readonly descriptor: number;
  readonly operator: '<' | '>' | '>>' | '>|' | '<>' | '<&' | '>&' | '<<';
  /** A here-document's content when the operator is `<<`. It is filled in when the line is over. */
  target: Word;
}

export type Command =
  | {
      readonly type: 'simple';
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      readonly redirections: readonly Redirection[];
    }
  | { readonly type: 'group'; readonly body: Script; readonly redirections: readonly Redirection[] }
  | { readonly type: 'subshell'; readonly body: Script; readonly redirections: readonly Redirection[] }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly condition: Script; readonly body: Script }[];
      readonly otherwise: Script | undefined;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'while';
      readonly until: boolean;
      readonly condition: Script;
      readonly body: Script;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'for';
      readonly name: string;
      /** None means the positional parameters. */
      readonly words: readonly Word[] | undefined;
      readonly body: Script;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'case';
      readonly subject: Word;
      readonly items: readonly { readonly patterns: readonly Word[]; readonly body: Script }[];
      readonly redirections: readonly Redirection[];
    }
  | { readonly type: 'function'; readonly name: string; readonly body: Command };

export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Command[];
}

/** Pipelines joined by `&&` and `||`; the first's operator says nothing. */
export interface AndOr {
  readonly steps: readonly { readonly operator: '&&' | '||'; readonly pipeline: Pipeline }[];
}

export type Script = readonly AndOr[];

/** The script is none, or uses what this shell does not know. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
}
