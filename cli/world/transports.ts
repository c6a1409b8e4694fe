import { createMailer } from '../../clients/mail/mail.ts';
import { sendSms } from '../../clients/sms/sms.ts';
import { postWebhook } from '../../clients/webhook/webhook.ts';
import type { Transports } from '../../reconcilers/notify/routes.ts';

/** The real ways to people. */
export const TRANSPORTS: Transports = { mail: createMailer(), sms: sendSms, webhook: postWebhook };
