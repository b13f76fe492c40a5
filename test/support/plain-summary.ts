import type { Reporter, TestModule } from 'vitest/node';

/** The longest text of a failure that is shown again: its first lines say what was expected. */
const SHOWN_CHARACTERS = 600;

/** Closes a run with what failed, then with `N passed, N failed`, a line that any program can read. */
export const plainSummary: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const failed = tests.filter((test) => test.result().state === 'failed');
    // A file that could not even be loaded has no tests that could fail.
    const broken = modules.filter((module) => module.errors().length > 0);
    for (const test of failed)
      tell(`${test.module.relativeModuleId} > ${test.fullName}`, test.result().errors ?? []);
    for (const module of broken) tell(module.relativeModuleId, module.errors());
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    console.log(`\n${passed} passed, ${failed.length + broken.length} failed`);
  },
};

/** A log of which only the end is kept still tells what failed. */
function tell(name: string, errors: readonly { readonly message: string; readonly diff?: string }[]): void {
  const [first] = errors;
  const reason = `${first?.message ?? ''}\n${first?.diff ?? ''}`;
  console.log(`\nfailed: ${name}\n${reason.slice(0, SHOWN_CHARACTERS)}`);
}
