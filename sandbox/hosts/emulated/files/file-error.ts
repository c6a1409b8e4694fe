const MESSAGES = {
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EOPNOTSUPP: 'Operation not supported',
  EPERM: 'Operation not permitted',
} as const;

export type FileErrorCode = keyof typeof MESSAGES;

/** What the kernel answers; the message is the C library's. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode) {
    super(MESSAGES[code]);
    this.code = code;
  }
}

/** Whether it is an answer of the emulated kernel, with this code when one is given. */
export const isFileError = (error: unknown, code?: FileErrorCode): error is FileError =>
  error instanceof FileError && (code === undefined || error.code === code);
