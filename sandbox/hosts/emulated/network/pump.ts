import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';

/** What the way to a machine is like at the moment. */
export interface Conditions {
  /** Nothing passes. */
  readonly isBlocked: boolean;
  readonly delayMs: number;
  readonly lossPercent: number;
}

/** One direction of a way. */
export interface Way {
  conditions(): Conditions;
  /** Resolves when the conditions may have changed. */
  changed(): Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Linux' shortest retransmission timeout, in milliseconds; each further loss of the same segment doubles it. */
const RETRANSMIT_MS = 200;
/** So many losses in a row end a connection: 25 s of silence, where Linux would wait 15 minutes. */
const MAX_LOSSES = 7;
/** Chunks on their way before the source must wait. */
const IN_FLIGHT = 64;

/**
 * Carries bytes from `source` to `target` as TCP would over such a way: nothing is lost or turned round, but
 * what is lost on the way comes later, and what stays lost ends the connection. A chunk stands for a segment.
 */
export function pump(source: Duplex, target: Duplex, way: Way): void {
  let inFlight = 0;
  let last: Promise<unknown> = Promise.resolve();
  const later = (deliver: () => void): void => {
    const due = way.clock.monotonic() + way.conditions().delayMs;
    last = last.then(async () => {
      if (await arrives(way, due)) deliver();
      else for (const stream of [source, target]) stream.destroy();
    });
  };
  source.on('data', (chunk: Uint8Array) => {
    inFlight += 1;
    if (inFlight >= IN_FLIGHT) source.pause();
    later(() => {
      const delivered = (): void => {
        inFlight -= 1;
        if (inFlight < IN_FLIGHT) source.resume();
      };
      if (target.writable) target.write(chunk, delivered);
      else delivered();
    });
  });
  source.once('end', () => later(() => target.end()));
  source.once('close', () => later(() => target.destroy()));
  // Its close is what matters.
  source.on('error', () => source.destroy());
}

/** Waits until what was sent is there; false when the connection breaks instead. */
async function arrives(way: Way, due: number): Promise<boolean> {
  let losses = 0;
  while (losses < MAX_LOSSES && way.random() * 100 < way.conditions().lossPercent) losses += 1;
  if (losses === MAX_LOSSES) return false;
  await until(way.clock, due + (losses === 0 ? 0 : RETRANSMIT_MS * (2 ** losses - 1)));
  while (way.conditions().isBlocked) await way.changed();
  return true;
}

async function until(clock: Clock, due: number): Promise<void> {
  const ms = due - clock.monotonic();
  if (ms > 0) await new Promise<void>(resolve => clock.after(ms, resolve));
}
