/** Stands before each line of the report of tests that run in an extension host. */
export const reportMark = 'test | ';
