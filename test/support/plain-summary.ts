import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with `N passed, N failed`, a line that any program can read. */
export const plainSummary: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string) => states.filter((each) => each === state).length;
    // A file that could not even be loaded has no tests that could fail.
    const broken = modules.filter((module) => module.errors().length > 0).length;
    console.log(`\n${count('passed')} passed, ${count('failed') + broken} failed`);
  },
};
