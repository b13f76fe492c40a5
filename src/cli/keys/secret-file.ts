import { type FileHandle, open, rm } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname } from 'node:path';

const problems: Readonly<Record<string, string>> = {
  EEXIST: 'something of this name exists already',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'the folder is a file',
  EACCES: 'the folder may not be written to',
  EPERM: 'the folder may not be written to',
  EROFS: 'the folder may not be written to',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
};

/** A new file that only its owner may read, its name on disk; or what is in the way, for a sentence. */
export async function openSecretFile(file: string): Promise<FileHandle | string> {
  try {
    return await openNew(file);
  } catch (error) {
    return fileProblem(error);
  }
}

/**
 * Runs `work` with a new file, made before anything else is done: an older file of that name could be
 * taken for this run's. Leaves no file if `work` wrote nothing or failed. Answers the obstacle, for a sentence.
 */
export async function withNewFile<Result>(
  file: string,
  work: (handle: FileHandle) => Promise<Result>,
): Promise<{ readonly done: Result } | { readonly problem: string }> {
  const opened = await openSecretFile(file);
  if (typeof opened === 'string') return { problem: opened };
  try {
    return { done: await work(opened) };
  } finally {
    const { size } = await opened.stat();
    await opened.close();
    if (size === 0) await rm(file);
  }
}

/** @throws errors that are not of the file system, such as the store's */
export function fileProblem(error: unknown): string {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
  const code = String(error.code);
  return problems[code] ?? `the file cannot be written (${code})`;
}

async function openNew(file: string): Promise<FileHandle> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await syncFolder(dirname(file));
    return handle;
  } catch (error) {
    await handle.close();
    await rm(file);
    throw error;
  }
}

/** The file's name must be on disk as well; Windows cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (platform() === 'win32') return;
  await using handle = await open(folder);
  await handle.sync();
}
