/** A domain whose records the account keeps. */
export interface DomainRecord {
  /** `example.com`, in lower case. */
  readonly name: string;
}

/** The types of DNS records that DigitalOcean keeps. */
export const DNS_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SOA', 'SRV', 'TXT'] as const;
export type DnsType = (typeof DNS_TYPES)[number];

/** One line of a domain's zone. */
export interface DnsRecord {
  readonly id: number;
  /** The domain's name. */
  readonly domain: string;
  readonly type: DnsType;
  /** Below the domain, `@` for itself, in lower case: `www`, `*.uat`, `_acme-challenge`. */
  readonly name: string;
  /** An address, a host name without a dot at its end, `@`, or text. */
  readonly data: string;
  /** Seconds. */
  readonly ttl: number;
  readonly priority?: number;
  readonly port?: number;
  readonly weight?: number;
  readonly flags?: number;
  readonly tag?: string;
}
