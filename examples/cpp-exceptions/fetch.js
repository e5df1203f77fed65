mergeInto(LibraryManager.library, {
  fetch_price__sig: "ii",
  fetch_price__async: true,
  fetch_price: async (order) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return order % 3 ? order * 100 : -1;
  },
});
