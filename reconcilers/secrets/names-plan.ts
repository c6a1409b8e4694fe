/** What a service says of its secrets. */
interface NamesSecrets {
  readonly secrets?: readonly string[] | undefined;
  readonly imageLogin?: { readonly secret: string } | undefined;
}

/** The names of all secrets that a service needs: those of its containers, and the one that its image is fetched with. */
export const secretNamesIn = ({ secrets = [], imageLogin }: NamesSecrets): string[] => {
  const names = [...secrets, ...(imageLogin === undefined ? [] : [imageLogin.secret])];
  return [...new Set(names.map(name => name.toUpperCase()))];
};
