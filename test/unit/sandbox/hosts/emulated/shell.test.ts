import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { aMachine, runOn } from './machine.ts';

// What a script comes to is what the machine's own sh says, not what we believe: each is run by both.

const SCRIPTS: Record<string, readonly string[]> = {
  'quotes words': [
    `echo "a  b" 'c  "d"' e\\ f "\\$x \\\\ \\q" ''x""`,
    `printf '<%s>' a "" 'b c' "$@"; echo`,
    `x='a  b'; echo $x "$x" '$x' "\${x}c" $xc`,
    `echo "it's" 'say "hi"' a\\"b`,
    'echo one\\\ntwo',
    `echo "a\nb"`,
  ],
  'joins commands': [
    'true && echo yes || echo no; false && echo yes || echo no',
    'false; echo $?; true; echo $?; ! true; echo $?',
    '(exit 3); echo $?; { echo a; echo b; }',
    'false; x=$?; echo $x; (exit 3); y=$?; z=$(exit $y); echo $? $y',
    'exit 7',
    'false || exit 4; echo never',
    'echo a; # a comment\necho b # another',
    'echo a &&\necho b |\ncat',
  ],
  'redirects output': [
    'echo a >/tmp/dropfleet-x; echo b >>/tmp/dropfleet-x; cat /tmp/dropfleet-x; rm /tmp/dropfleet-x',
    'echo err >&2; { echo out; echo err >&2; } 2>/dev/null',
    '{ echo out; echo err >&2; } 2>&1 | sort',
    'cat </nonexistent/file 2>/dev/null; echo $?',
    'echo x 2>/dev/null >/dev/null; echo $?',
    ': > /tmp/dropfleet-y; test -s /tmp/dropfleet-y; echo $?; rm -f /tmp/dropfleet-y',
  ],
  'expands parameters': [
    'unset x; echo ${x:-a} ${x-b} ${x:+c} ${x:=d} $x ${#x} ${x+set}',
    'x=; echo "${x:-a}" "${x-b}" "${x:+c}" "${x+d}"',
    'x=path/to/file.tar.gz; echo ${x##*/} ${x#*/} ${x%.*} ${x%%.*} ${x%/*}',
    'set -- a "b c" d; echo $# $1 "$2" $*; printf "<%s>" "$@"; printf "<%s>" "$*"; shift; echo $1',
    'set --; printf "<%s>" "$@" end; for i; do echo never; done',
    'x="a b"; echo ${y:-$x} "${y:-"$x"}"; printf "<%s>" ${y:-a b} "${y:-a b}"',
    'x=5; echo "$((x * 2 + 1))" $((7 / 2)) $((7 % 3)) $((1 << 4)) $((x > 3 && x < 9)) $((!x))',
    'n=1; n=$((n + 1)); echo $n $((n += 3)) $n $((010)) $((0x1f)) $((-3 / 2)) $((1 ? 2 : 3))',
    'set -u; echo ${nothing:-fine}; echo $nothing; echo never',
    'x=~; test "$x" = "$HOME"; echo $? ~root',
    'IFS=:; x=a:b::c; printf "<%s>" $x; set -- 1 2; echo "$*"',
    'x="  lead  trail  "; printf "<%s>" $x',
    'echo ${x:?is missing}; echo never',
  ],
  'substitutes commands': [
    'echo "$(echo a; echo b)" $(echo c; echo d) `echo e`',
    'x=$(false); echo $?; x=$(exit 5) || echo $?',
    'echo "$(echo "nested $(echo "deep")")" "`echo \\`echo twice\\``"',
    'echo $(printf "a\\n\\n\\n")end',
    'x=$(cat <<E\nin $(echo here)\nE\n); echo "$x"',
    'echo "$(case a in a) echo match;; esac)"',
  ],
  'decides and repeats': [
    'if true; then echo a; elif true; then echo b; else echo c; fi',
    'if false; then echo a; elif false; then echo b; else echo c; fi; if false; then :; fi; echo $?',
    'for i in 1 2 "3 4"; do echo "<$i>"; done; for i in; do echo never; done',
    'i=0; while [ $i -lt 5 ]; do i=$((i + 1)); [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done',
    'i=3; until [ $i = 0 ]; do echo $i; i=$((i - 1)); done',
    'for a in 1 2; do for b in 1 2; do [ $b = 2 ] && continue 2; echo $a$b; done; done',
    'case abc in a) echo 1;; a*|x) echo 2;; *) echo 3;; esac',
    'case "a*" in "a*") echo literal;; esac; case abc in "a*") echo no;; ?b[a-d]) echo yes;; esac',
    'case x in y) ;; esac; echo $?; case "$1" in -*) echo option;; "") echo none;; esac',
    'printf "a b\\nc d\\n" | while read -r x y; do echo "$y $x"; done',
    'printf "  one  two three  \\n" | { read a b; echo "<$a><$b>"; }',
    'printf "no newline" | { read x; echo "$? <$x>"; }',
    'while read -r line; do echo "<$line>"; done <<E\none\n  two \\\\ x\nE',
  ],
  'has functions': [
    'f() { echo "f $1 $#"; return 3; }; f a b; echo $?; f() ( exit 2 ); f; echo $?',
    'f() { local x=1; echo $x; }; x=9; f; echo $x',
    'f() { for i; do echo $i; done; }; f a "b c"; set -- z; f; echo $1',
    'say() { line=$1; shift; for field; do line="$line\t$field"; done; printf "%s\\n" "$line"; }; say a b c',
    'f() { exit 6; }; f; echo never',
    'f() { echo out; echo err >&2; }; f 2>/dev/null; f >/dev/null 2>&1',
  ],
  'reads here-documents': [
    "cat <<'E'\n$x `y` \\z\nE\necho after",
    'x=v; cat <<E\n$x ${x}y $(echo c) \\$x "quoted"\nE',
    'cat <<-E\n\tone\n\t\ttwo\n\tE',
    'cat <<A; cat <<B\nfirst\nA\nsecond\nB',
    'if cat <<E; then echo yes; fi\ntext\nE',
  ],
  'obeys set -e': [
    'set -e; false; echo never',
    'set -e; false || true; ! true; if false; then :; fi; false && true; echo here',
    'set -e; x=$(false); echo never',
    'set -e; f() { false; echo inside; }; f || echo outside; f; echo never',
    'set -e; (false); echo never',
    'set -eu; true | false; echo never',
    'set -e; while false; do :; done; until true; do :; done; echo end',
    'set -e; { false; echo a; } || true; echo b',
  ],
  'ends in order': [
    "trap 'echo bye' EXIT; echo hello; exit 3",
    "trap 'echo bye $?' EXIT; false",
    "trap 'echo outer' EXIT; (trap 'echo inner' EXIT; exit 2); echo $?",
    'eval "echo a; exit 4"; echo never',
    'echo $(exit 3); echo $?; : $(exit 3); echo $?',
  ],
  'has the environment in hand': [
    'x=1 sh -c \'echo "<$x>"\'; echo "<$x>"; export y=2; sh -c \'echo $y\'; unset y; sh -c \'echo "<$y>"\'',
    'A=1 B=2 env | grep -E "^(A|B)=" | sort; env -i X=1 /usr/bin/env',
    'IFS=: read a b <<E\n1:2\nE\necho "$a $b"',
    "sh -c 'echo $0 $1 $#' name a b; echo 'echo from stdin; exit 2' | sh; echo $?",
    'cd /tmp && pwd; (cd /; pwd); pwd; cd /nonexistent 2>/dev/null; echo $?',
    'umask 077; umask; (umask 022; umask); umask',
    'command -v cd; command -v nonexistent-program; echo $?; nonexistent-program 2>/dev/null; echo $?',
    'readonly r=1; echo $r; r=2; echo never',
    'exec echo replaced; echo never',
  ],
  'matches file names': [
    'mkdir -p /tmp/dropfleet-g && cd /tmp/dropfleet-g && touch a.txt b.txt .hidden "c d.log" && echo *.txt * .h* nothing* "*.txt" && rm -r /tmp/dropfleet-g',
    'mkdir -p /tmp/dropfleet-h/x/y && cd /tmp/dropfleet-h && touch x/1.conf x/2.conf x/y/3.conf && echo */*.conf x/[12].conf */ /tmp/dropfleet-h/x/? && rm -r /tmp/dropfleet-h',
    'cd /; p="*nothing"; echo $p; set -f; echo /*',
  ],
  prints: [
    'printf "%s %5s|%-5s|%05d %x %o %c %%\\n" a b c 42 255 8 xyz',
    'printf "%s\\n" a b c; printf "%d-%d\\n" 1 2 3; printf "\\101\\t\\n"; printf "%b" "x\\ny\\n"; printf "%.2s|%.3f\\n" abc 1.5',
    'echo -n a; echo b; echo "x\\ty" "c\\\\d"; echo',
    'printf; echo $?; printf "%d\\n" abc 2>/dev/null; echo $?',
  ],
  tests: [
    '[ a = a ] && [ a != b ] && [ 2 -gt 1 ] && [ -n x ] && [ -z "" ] && [ ! -e /nonexistent ] && echo all',
    '[ -d / ] && [ ! -f / ] && test -e /dev/null && echo all; [ a = b ]; echo $?; [ "" ]; echo $?; [ ]; echo $?',
    '[ 1 -eq 1 -a 2 -eq 3 -o 4 -eq 4 ]; echo $?; [ x -eq 1 ] 2>/dev/null; echo $?',
    '[ -x /bin/sh ] && [ -r /etc/passwd ] && [ "(" = "(" ] && echo all',
  ],
};

/** Neither the shell's name nor its exact words on stderr are compared, only that it complained. */
function realShell(script: string): { code: number; stdout: string } {
  const env = { PATH: process.env['PATH'], HOME: '/root' };
  const { status, stdout } = spawnSync('/bin/sh', ['-c', script], { env, encoding: 'utf8', cwd: '/' });
  return { code: status!, stdout };
}

describe('The shell of an emulated host', () => {
  for (const [what, scripts] of Object.entries(SCRIPTS))
    it(`${what} as the machine's own sh does`, async () => {
      for (const script of scripts) {
        const { code, stdout } = await runOn(aMachine(), `cd /; ${script}`);
        expect({ code, stdout }, script).to.deep.equal(realShell(script));
      }
    });

  for (const script of [
    'if true',
    'echo "a',
    'echo a)',
    'for x in a; do echo',
    '{ echo a',
    'case a in',
    'echo $(',
    ';;',

    'echo `a',
  ])
    it(`refuses ${script}`, async () => {
      const { code, stderr } = await runOn(aMachine(), script);
      expect(code).to.equal(realShell(script).code);
      expect(stderr).to.contain('Syntax error');
    });

  for (const script of [
    'while :; do :; done',
    'until false; do x=$((x + 1)); done',
    'while :; do echo y; done >/dev/null',
    'while :; do (:); done',
    'while :; do x=$(echo a); done',
    'f() { while :; do :; done; }; f',
  ])
    it(`lets everybody else go on during ${script}, and ends with its process`, async () => {
      const stop = new AbortController();
      const running = runOn(aMachine(), script, { signal: stop.signal });
      await setTimeout(5);
      stop.abort();
      expect((await running).code).to.equal(143);
    });

  for (const [script, complaint] of [
    ['f() { f; }; f', 'recursion'],
    ['x=a; while :; do x=$x$x; done', 'Out of space'],
  ] as const)
    it(`ends ${script} as no memory is without an end`, async () => {
      const { code, stderr } = await runOn(aMachine(), script);
      expect(code).to.equal(2);
      expect(stderr).to.contain(complaint);
    });

  it('refuses jobs in the background loudly', async () => {
    expect((await runOn(aMachine(), 'sleep 5 &')).stderr).to.contain('not emulated');
  });
});
