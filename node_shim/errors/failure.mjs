// The text of an exception that nobody foresaw, for the Python side to put into its own error. The stack is
// in it only if the user wants tracebacks.

/** @type {(error: any) => string} */
export const failureText = (error) =>
  String(process.env.STACKSWITCH_TRACEBACK ? (error?.stack ?? error) : error);
