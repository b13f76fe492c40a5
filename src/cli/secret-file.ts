import { type FileHandle, open } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname } from 'node:path';

const problems: Readonly<Record<string, string>> = {
  EEXIST: 'the file exists already',
  ENOENT: 'the folder does not exist',
  EACCES: 'the folder may not be written to',
  EROFS: 'the folder may not be written to',
};

/** A new file that only its owner may read, its name on disk; or what is in the way, for a sentence. */
export async function openSecretFile(file: string): Promise<FileHandle | string> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await syncFolder(dirname(file));
    return handle;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
    const code = String(error.code);
    return problems[code] ?? `the file cannot be written (${code})`;
  }
}

/** Windows cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (platform() === 'win32') return;
  await using handle = await open(folder);
  await handle.sync();
}
