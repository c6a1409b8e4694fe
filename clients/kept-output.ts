import type { Readable } from 'node:stream';

/**
 * Reads a stream to its end and keeps all of it, which the returned function answers. Beyond `limit` bytes it
 * keeps nothing more, and calls `onTooLong` once.
 */
export function keepAll(stream: Readable, limit: number, onTooLong: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    const before = size;
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (before <= limit) onTooLong();
  });
  return () => Buffer.concat(chunks);
}

/** Reads a stream to its end and keeps the last `limit` bytes, which the returned function answers. */
export function keepTail(stream: Readable, limit: number): () => Buffer {
  let chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    // Only now and then, so that many small chunks cost no more than a few large ones.
    if (size <= 2 * limit) return;
    chunks = [Buffer.concat(chunks).subarray(-limit)];
    size = limit;
  });
  return () => Buffer.concat(chunks).subarray(-limit);
}
