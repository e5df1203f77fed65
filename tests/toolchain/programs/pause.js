// A function of a JavaScript library that waits.
addToLibrary({
  pause_for__sig: "ii",
  pause_for__async: true,
  pause_for__deps: ["$Asyncify"],
  pause_for: (milliseconds) =>
    Asyncify.handleAsync(async () => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return milliseconds;
    }),
});
