// Written by `relevo docs` from the published JSON Schemas.

/**
 * A postal address as the shop gave it; `country` is ISO 3166-1 alpha-2.
 */
export interface Address {
  name?: string;
  company?: string;
  line1?: string;
  line2?: string;
  city?: string;
  postcode?: string;
  region?: string;
  country?: string;
  phone?: string;
}

/**
 * Who the event is about: the customer's own data, as far as this event tells.
 *
 * `email` is lower-cased, `phone` is E.164, `locale` is BCP 47 (`es-ES`), `timezone` an IANA name. `anonymous_id` is
 * a browser's id before anyone signed in; `email_hash` is the SHA-256 of the lower-cased address in hex, where a shop
 * tells no more. `account_id` is the company that the customer buys for. What belongs to one order only (the address
 * for its news, the recipient of a present) is the event's `contact` and its addresses, never the customer's.
 * Empty text and `None` mean "this event does not say".
 */
export interface Buyer {
  id?: string;
  email?: string;
  phone?: string;
  first_name?: string;
  last_name?: string;
  company?: string;
  group?: string;
  locale?: string;
  timezone?: string;
  country?: string;
  email_marketing?: boolean | null;
  sms_marketing?: boolean | null;
  anonymous_id?: string;
  email_hash?: string;
  account_id?: string;
  vat_number?: string;
  guest?: boolean;
}

/**
 * What led a visitor here: the UTM parameters of the first page.
 */
export interface Campaign {
  source?: string;
  medium?: string;
  name?: string;
  term?: string;
  content?: string;
}

/**
 * `cart.updated`: the whole cart after the change. `recover_url` is the link that brings it back on any device.
 */
export interface CartUpdated {
  customer: Buyer;
  cart_token: string;
  items?: Item[];
  total?: Money | null;
  url?: string;
  store?: string;
  channel?: string;
  recover_url?: string;
}

/**
 * `checkout.started`, `checkout.updated`. `completed_at` is set once it became an order.
 */
export interface CheckoutChanged {
  customer: Buyer;
  checkout_token?: string;
  total?: Money | null;
  cart_token?: string;
  items?: Item[];
  recover_url?: string;
  completed_at?: string | null;
  contact?: EventContact | null;
  subtotal?: Money | null;
  discount?: Money | null;
  shipping?: Money | null;
  tax?: Money | null;
  discount_codes?: string[];
  shipping_address?: Address | null;
  billing_address?: Address | null;
  note?: string;
  attributes?: Record<string, unknown>;
  store?: string;
  channel?: string;
}

/**
 * `consent.changed`: a proof of consent, or its withdrawal (GDPR Art. 7(1) and 7(3)).
 *
 * It holds for the address or number that `customer` gives and for no other. `source`, `wording`, `form_url` and
 * `ip_hash` are the evidence: what was asked, where, and from where it was answered; with a double opt-in also `form`,
 * `wording_version` and when it was asked for. `restored` grants nothing: it lifts the withdrawal by an unsubscribe
 * link of the instant `undoes`, and what held before that holds again. `topic` is a purpose of the shop's own, as its
 * contact policy names it; the statement is about that one alone then, and `purpose` is the nearest of those here, not
 * `marketing`. `preferred`: the person wants to be written to by this channel first, where there is a choice.
 */
export interface ConsentChanged {
  customer: Buyer;
  channel: "email" | "push" | "sms" | "whatsapp";
  state: "granted" | "pending" | "restored" | "withdrawn";
  purpose?: "marketing" | "newsletter" | "partners" | "product_news" | "survey";
  double_opt_in?: boolean;
  source?: string;
  wording?: string;
  form_url?: string;
  list_id?: string;
  ip_hash?: string;
  undoes?: string | null;
  form?: string;
  wording_version?: string;
  requested_at?: string | null;
  topic?: string;
  preferred?: boolean;
}

/**
 * `consent.requested`: somebody typed an address into a sign-up form. It is not consent until its owner confirms.
 *
 * `contact` is that address, and `confirm_url` the link that only its owner may get: `consent.changed` follows when
 * it is confirmed. The other fields become the evidence then (`ConsentChanged`).
 */
export interface ConsentRequested {
  customer: Buyer;
  request_id: string;
  contact?: EventContact | null;
  channel?: "email";
  purpose?: "marketing" | "newsletter" | "partners" | "product_news" | "survey";
  confirm_url?: string;
  expires_at?: string | null;
  form?: string;
  form_url?: string;
  wording?: string;
  wording_version?: string;
  list_id?: string;
  ip_hash?: string;
}

/**
 * `coupon.created`, `.updated`, `.deleted`, `.redeemed`, `.expired`.
 *
 * `customer` is whose coupon it is, or who redeemed it; it may say nothing, then the event is the shop's own.
 * `kind` is `percent`, `amount` or `free_shipping`. `pool` and `workflow` are set where a workflow took the code for
 * the customer (step `coupon`).
 */
export interface CouponChanged {
  customer?: Buyer;
  coupon_id?: string;
  code?: string;
  kind?: string;
  percent?: number;
  amount?: Money | null;
  minimum?: Money | null;
  starts_at?: string | null;
  expires_at?: string | null;
  usage_limit?: number | null;
  used?: number | null;
  order_id?: string;
  description?: string;
  products?: string[];
  categories?: string[];
  store?: string;
  pool?: string;
  workflow?: string;
}

/**
 * `coupons.low`, `coupons.refilled`: a pool of codes has fewer than `warn_below` left, or so many again.
 *
 * The event is the shop's own, and about no customer.
 */
export interface CouponPoolChanged {
  pool: string;
  left: number;
  warn_below: number;
}

/**
 * `customer.created`, `.updated`, `.deleted`: what the shop knows of a customer now.
 *
 * `tags` are all tags; a shop that tells only what changed says so in `tags_added` and `tags_removed`.
 */
export interface CustomerChanged {
  customer: Buyer;
  birthday?: string | null;
  tags?: string[] | null;
  tags_added?: string[];
  tags_removed?: string[];
  orders_count?: number | null;
  total_spent?: Money | null;
  attributes?: Record<string, unknown>;
}

/**
 * `customer.merged`: `customer` was kept, and all that is known of `merged` is the kept one's from now on.
 *
 * `merged_keys` are the keys of the merged ones, as far as they are known: ingest finds them, senders can't say them.
 */
export interface CustomerMerged {
  customer: Buyer;
  merged?: Buyer[];
  merged_keys?: string[];
}

/**
 * `customer.logged_in`: a customer signed in to the shop.
 */
export interface CustomerSeen {
  customer: Buyer;
  url?: string;
  store?: string;
}

/**
 * `dispute.opened`, `.updated`, `.closed`: a payment is contested; evidence is wanted until `evidence_due_at`.
 */
export interface DisputeChanged {
  customer: Buyer;
  dispute_id?: string;
  order_id?: string;
  order_number?: string;
  kind?: string;
  status?: string;
  reason?: string;
  total?: Money | null;
  evidence_due_at?: string | null;
  contact?: EventContact | null;
  store?: string;
}

/**
 * Where the news of one order, checkout, parcel … goes: the address and number given with it, in canonical form.
 *
 * They are data of the event. They may be somebody else's than the customer's, and say nothing of the customer.
 * `email_marketing` and `sms_marketing` are boxes that were ticked for this very address or number.
 */
export interface EventContact {
  email?: string;
  phone?: string;
  first_name?: string;
  last_name?: string;
  company?: string;
  locale?: string;
  email_marketing?: boolean | null;
  sms_marketing?: boolean | null;
}

/**
 * `form.submitted`: a form of the storefront was sent. `contact` is what the visitor typed there, unproven.
 */
export interface FormSubmitted {
  customer: Buyer;
  form: string;
  fields?: Record<string, string>;
  url?: string;
  campaign?: Campaign | null;
  contact?: EventContact | null;
}

/**
 * `invoice.created`, `.paid`, `.overdue`, `.cancelled`. `due` is what is still to be paid, until `due_at`.
 */
export interface InvoiceChanged {
  customer: Buyer;
  invoice_id?: string;
  order_id?: string;
  order_number?: string;
  number?: string;
  status?: string;
  contact?: EventContact | null;
  items?: Item[];
  total?: Money | null;
  due?: Money | null;
  due_at?: string | null;
  url?: string;
  po_number?: string;
  store?: string;
}

/**
 * One line of a cart, an order, a shipment or a return.
 *
 * `title` is the product's, `variant` the variant's. `price` is for one `unit` (a piece if it is empty), `total` for
 * the line after its `discount`. `requires_shipping` is `False` for what is not a parcel: a download, a gift card.
 */
export interface Item {
  title: string;
  quantity?: number;
  product_id?: string;
  variant_id?: string;
  sku?: string;
  variant?: string;
  price?: Money | null;
  url?: string;
  image_url?: string;
  reason?: string;
  line_id?: string;
  unit?: string;
  categories?: string[];
  vendor?: string;
  properties?: Record<string, unknown>;
  list_price?: Money | null;
  discount?: Money | null;
  tax?: Money | null;
  total?: Money | null;
  weight_kg?: number;
  requires_shipping?: boolean;
  gift_card?: boolean;
  quantity_shipped?: number | null;
  quantity_refunded?: number | null;
  ship_by?: string;
}

/**
 * `message.delivered`, `.bounced` and `.complained`: what a provider told of a message after it had taken it.
 *
 * `delivery_id` is the effect that sent it. `permanent`: the address will never take anything, and gets nothing any
 * more. `status` is the enhanced status code (RFC 3463) or the provider's own, `reason` its words.
 */
export interface MessageChanged {
  customer: Buyer;
  delivery_id: string;
  channel?: "email" | "push" | "sms" | "whatsapp";
  provider?: string;
  permanent?: boolean;
  status?: string;
  reason?: string;
}

/**
 * `message.opened`, `.clicked`: a person opened a message, or followed one of its links. `message.scanned`: a
 * machine did, a mail scanner or a browser that fetches in advance; it is a type of its own, so that no workflow takes
 * it for a person.
 *
 * `delivery_id` is the effect that sent the message; `run_id`, `workflow`, `version` and `step` say which run did, so
 * that `where: event.run_id == run.id` is about the messages of the run at hand. `purpose` is the one that the
 * workflow names. `url` is where the link leads, empty for an opening. `machine` says what gave a machine away,
 * `action` what it did; both are empty for a person.
 */
export interface MessageEngagement {
  customer: Buyer;
  delivery_id: string;
  run_id?: string;
  workflow?: string;
  version?: string;
  step?: string;
  template?: string;
  channel?: "email" | "push" | "sms" | "whatsapp";
  purpose?: string;
  sent_at?: string | null;
  url?: string;
  action?: "" | "clicked" | "opened";
  machine?: string;
}

/**
 * `message.received`: somebody wrote to a number or an address of the shop.
 *
 * `contact` is the number or address that it came from, and to which an answer goes. The event is about whom the shop
 * wrote to there last, or whose it is as far as one knows; of somebody unknown `customer` gives it too. `to` is the
 * shop's, `message_id` the provider's name of the message. `keyword` is what it means as a command (STOP, and what
 * means the same, is `stop`), which was done already. `delivery_id`, `workflow` and `step` are of the last message
 * that was sent there: what it may be an answer to. `survey` is the one that it answered, as `survey.answered` tells
 * too; empty: none, or not for certain. `attachments` is how many came with it; they are not kept. A mail has a
 * `subject`, the name of the first mail of its conversation as `thread`, and the names of its attachments as `files`.
 */
export interface MessageReceived {
  customer: Buyer;
  channel?: "email" | "sms" | "whatsapp";
  contact?: EventContact;
  text?: string;
  keyword?: "" | "help" | "start" | "stop";
  to?: string;
  message_id?: string;
  provider?: string;
  delivery_id?: string;
  workflow?: string;
  step?: string;
  survey?: string;
  attachments?: number;
  subject?: string;
  thread?: string;
  files?: string[];
}

/**
 * An amount: decimal text (`"12.50"`) and its ISO 4217 currency.
 */
export interface Money {
  amount: string;
  currency: string;
}

/**
 * `order.placed`, `.paid`, `.cancelled`, `.status_changed`, `.deleted`: the order as it is now.
 *
 * `items` and the amounts are the order's current ones, without what was removed or refunded since, in the shop's
 * currency; `buyer_total` is the total in the buyer's, where that differs, and `original_total` what was ordered.
 * `previous_…` are set on `order.status_changed`: what the status was before this change. `status_label` is the
 * status in the shop's own words. `test` is an order that nobody placed. `notify_customer` is `False` where the
 * shop's staff chose to tell the customer nothing. `paid` and `due` are what was paid and what is still to be paid.
 */
export interface OrderChanged {
  customer: Buyer;
  order_id: string;
  total?: Money | null;
  number?: string;
  status?: string;
  payment_status?: string;
  fulfilment_status?: string;
  checkout_token?: string;
  cart_token?: string;
  items?: Item[];
  subtotal?: Money | null;
  discount?: Money | null;
  shipping?: Money | null;
  tax?: Money | null;
  discount_codes?: string[];
  shipping_address?: Address | null;
  placed_at?: string | null;
  cancel_reason?: string;
  status_url?: string;
  tags?: string[];
  contact?: EventContact | null;
  previous_status?: string;
  previous_payment_status?: string;
  previous_fulfilment_status?: string;
  status_label?: string;
  test?: boolean;
  notify_customer?: boolean;
  payment_method?: string;
  payment_method_title?: string;
  transactions?: Transaction[];
  paid?: Money | null;
  due?: Money | null;
  refunded?: Money | null;
  fees?: Money | null;
  original_total?: Money | null;
  buyer_total?: Money | null;
  taxes_included?: boolean;
  billing_address?: Address | null;
  shipping_method?: string;
  note?: string;
  gift_message?: string;
  po_number?: string;
  payment_term?: string;
  sales_representative?: string;
  invoice_number?: string;
  attributes?: Record<string, unknown>;
  weight_kg?: number;
  store?: string;
  channel?: string;
  paid_at?: string | null;
  completed_at?: string | null;
  cancelled_at?: string | null;
  due_at?: string | null;
  ship_until?: string;
}

/**
 * `page.viewed`: a page of the storefront was looked at.
 */
export interface PageViewed {
  customer: Buyer;
  url?: string;
  title?: string;
  product_id?: string;
  referrer?: string;
  variant_id?: string;
  sku?: string;
  category?: string;
  brand?: string;
  price?: Money | null;
  image_url?: string;
  campaign?: Campaign | null;
}

/**
 * `payment.received`, `payment.failed`: one payment of an order, an invoice or a subscription.
 */
export interface PaymentChanged {
  customer: Buyer;
  payment_id?: string;
  order_id?: string;
  order_number?: string;
  invoice_id?: string;
  subscription_id?: string;
  status?: string;
  method?: string;
  method_title?: string;
  error?: string;
  total?: Money | null;
  due?: Money | null;
  contact?: EventContact | null;
  retry_url?: string;
  test?: boolean;
  store?: string;
}

/**
 * `customer.data_requested`, `customer.redacted`: a person's right under GDPR Art. 15 and 17.
 */
export interface PrivacyRequested {
  customer: Buyer;
  order_ids?: string[];
  request_id?: string;
}

/**
 * `product.created`, `.updated`, `.price_changed`, `.deleted`: the product as it is now.
 *
 * On `product.price_changed` `variant_id`, `price` and `previous_price` are those of the variant whose price changed.
 * `list_price` is the price before a reduction that the shop shows.
 */
export interface ProductChanged {
  product_id?: string;
  variant_id?: string;
  sku?: string;
  title?: string;
  variant?: string;
  description?: string;
  url?: string;
  image_url?: string;
  images?: string[];
  categories?: string[];
  vendor?: string;
  tags?: string[];
  status?: string;
  price?: Money | null;
  previous_price?: Money | null;
  list_price?: Money | null;
  in_stock?: boolean | null;
  variants?: Variant[];
  store?: string;
}

/**
 * `back_in_stock.requested`, `price_drop.requested`: a customer wants to hear of a product.
 *
 * `contact` is the address that a visitor typed, which may be anybody's: it is where this news goes, and no more.
 * `origin` is the `cart` or `wishlist` that the product was seen in, where nobody asked in so many words.
 */
export interface ProductRequested {
  customer: Buyer;
  product_id?: string;
  variant_id?: string;
  sku?: string;
  title?: string;
  variant?: string;
  url?: string;
  image_url?: string;
  price?: Money | null;
  target_price?: Money | null;
  channels?: string[];
  form_url?: string;
  contact?: EventContact | null;
  origin?: string;
}

/**
 * `push.subscribed`, `push.unsubscribed`: a browser takes messages of the shop, or none any more (W3C Push API).
 *
 * `endpoint` is where they go, `p256dh` and `auth` are the browser's keys (RFC 8291, base64url); without them it takes
 * none. `asked`: the person wished it now, which is consent; otherwise the browser only tells what holds already.
 */
export interface PushChanged {
  customer: Buyer;
  endpoint: string;
  p256dh?: string;
  auth?: string;
  asked?: boolean;
}

/**
 * `quote.requested`, `.sent`, `.accepted`, `.declined`, `.expired`.
 *
 * `request_id` is the `quote_id` of the request that a quote of the shop answers. `order_id` is the order that an
 * accepted quote has become, where the shop makes it.
 */
export interface QuoteChanged {
  customer: Buyer;
  quote_id: string;
  number?: string;
  status?: string;
  items?: Item[];
  total?: Money | null;
  discount_percent?: number;
  destination?: string;
  weight_kg?: number;
  valid_until?: string | null;
  note?: string;
  contact?: EventContact | null;
  po_number?: string;
  ship_until?: string;
  sales_representative?: string;
  store?: string;
  request_id?: string;
  order_id?: string;
}

/**
 * `refund.created`: money went back to the customer. `total` is what was paid back, never what is still pending.
 */
export interface RefundCreated {
  customer: Buyer;
  refund_id?: string;
  order_id?: string;
  total?: Money | null;
  reason?: string;
  items?: Item[];
  contact?: EventContact | null;
  order_number?: string;
  payment_method?: string;
  shipping?: Money | null;
  fee?: Money | null;
  test?: boolean;
  notify_customer?: boolean;
  store?: string;
}

/**
 * `return.requested`, `.approved`, `.declined`, `.received`, `.closed`.
 *
 * `address` is where the parcel comes from, `weight_kg` what it weighs.
 */
export interface ReturnChanged {
  customer: Buyer;
  return_id: string;
  order_id: string;
  order_number?: string;
  status?: string;
  reason?: string;
  items?: Item[];
  total?: Money | null;
  contact?: EventContact | null;
  fee?: Money | null;
  test?: boolean;
  store?: string;
  address?: Address | null;
  weight_kg?: number;
}

/**
 * `search.performed`: a visitor searched the storefront. `results` is how many were found, if the shop told.
 */
export interface SearchPerformed {
  customer: Buyer;
  query: string;
  results?: number | null;
  url?: string;
}

/**
 * `shipment.created`, `shipment.updated`, `shipment.delivered`.
 *
 * `shipment.created` says that a parcel has left. What is not a parcel or has not left yet is `shipment.updated`, with
 * `kind` telling what it is: `parcel`, `pickup` (handed over or to be collected), `digital` (a gift card, a download),
 * empty where the platform does not say. `tracks` are all parcels of it; `tracking_number`, `tracking_url` and
 * `carrier` the first one's. `origin` is the warehouse, `scan_location` where the carrier saw it last.
 */
export interface ShipmentChanged {
  customer: Buyer;
  shipment_id?: string;
  order_id?: string;
  order_number?: string;
  status?: string;
  carrier?: string;
  tracking_number?: string;
  tracking_url?: string;
  items?: Item[];
  address?: Address | null;
  contact?: EventContact | null;
  kind?: string;
  tracks?: Track[];
  origin?: string;
  scan_location?: string;
  comment?: string;
  shipped_at?: string | null;
  estimated_at?: string | null;
  delivered_at?: string | null;
  weight_kg?: number;
  cost?: Money | null;
  test?: boolean;
  notify_customer?: boolean;
  store?: string;
}

/**
 * `shop.disconnected`, `shop.redacted`: the shop itself left, or asks for erasure.
 */
export interface ShopChanged {
  domain?: string;
}

/**
 * `product.stock_changed`, `product.restocked`.
 *
 * `available` is `None` where the shop does not track it; then `in_stock` may say whether it can be bought. `title` is
 * the product's, `variant` the variant's. `location` is the warehouse that is meant; empty: all together.
 */
export interface StockChanged {
  product_id?: string;
  variant_id?: string;
  inventory_item_id?: string;
  sku?: string;
  title?: string;
  available?: number | null;
  previous?: number | null;
  price?: Money | null;
  url?: string;
  variant?: string;
  image_url?: string;
  in_stock?: boolean | null;
  backorders?: boolean;
  low_threshold?: number | null;
  location?: string;
  store?: string;
}

/**
 * `subscription.created`, `.updated`, `.cancelled`, `.billed`, `.billing_failed`.
 *
 * `retry_url` is where the customer pays again, or changes how they pay.
 */
export interface SubscriptionChanged {
  customer: Buyer;
  subscription_id: string;
  status?: string;
  interval?: string;
  order_id?: string;
  next_billing_at?: string | null;
  total?: Money | null;
  contact?: EventContact | null;
  number?: string;
  previous_status?: string;
  items?: Item[];
  payment_method?: string;
  error?: string;
  trial_ends_at?: string | null;
  last_payment_at?: string | null;
  ends_at?: string | null;
  store?: string;
  retry_url?: string;
}

/**
 * `survey.answered`: somebody answered a survey that a message asked them to, or answered it anew.
 *
 * `delivery_id` is the effect that sent the message; `run_id`, `workflow`, `version` and `step` say which run did, so
 * that `where: event.run_id == run.id` is about the surveys of the run at hand. `answers` are by question: a number
 * of a rating, true or false, the name of what was chosen (or a list of names), or text. In a workflow that has
 * surveys of its own each has the type of its question.
 */
export interface SurveyAnswered {
  customer: Buyer;
  survey: string;
  delivery_id: string;
  run_id?: string;
  workflow?: string;
  version?: string;
  step?: string;
  template?: string;
  channel?: "email" | "push" | "sms" | "whatsapp";
  sent_at?: string | null;
  answers?: Record<string, number | boolean | string | string[]>;
}

/**
 * One parcel's number at its carrier.
 */
export interface Track {
  number?: string;
  url?: string;
  carrier?: string;
}

/**
 * One payment of an order: `kind` is sale, authorization, capture, refund or void, in the platform's words.
 */
export interface Transaction {
  transaction_id?: string;
  kind?: string;
  status?: string;
  method?: string;
  amount?: Money | null;
  at?: string | null;
}

/**
 * One variant of a product: `title` is the variant's own ("Large"), not the product's.
 */
export interface Variant {
  variant_id?: string;
  sku?: string;
  title?: string;
  price?: Money | null;
  previous_price?: Money | null;
  list_price?: Money | null;
  available?: number | null;
  in_stock?: boolean | null;
  image_url?: string;
  options?: Record<string, string>;
}

/**
 * `wishlist.updated`: `added` and `removed` are what changed, `items` the whole list where the shop tells it.
 */
export interface WishlistUpdated {
  customer: Buyer;
  wishlist_id?: string;
  added?: Item[];
  removed?: Item[];
  items?: Item[];
  url?: string;
}

/** What every event has that a shop declares itself; the shop's schema has the rest. */
export interface CustomEvent {
  customer: Buyer;
  [field: string]: unknown;
}

/** The data of each event type. */
export interface EventData {
  /** A customer account was made, or a person became known. */
  "customer.created": CustomerChanged;
  /** Something of a customer's data changed. */
  "customer.updated": CustomerChanged;
  /** The shop deleted a customer's account. */
  "customer.deleted": CustomerChanged;
  /** Two customer accounts were joined into one. */
  "customer.merged": CustomerMerged;
  /** A customer signed in to the shop. */
  "customer.logged_in": CustomerSeen;
  /** A customer asks for the data that are kept of them (GDPR Art. 15). */
  "customer.data_requested": PrivacyRequested;
  /** A customer is to be erased (GDPR Art. 17). */
  "customer.redacted": PrivacyRequested;
  /** Somebody typed an address into a sign-up form; its owner has to confirm it. */
  "consent.requested": ConsentRequested;
  /** A person agreed to messages on a channel, withdrew that, or undid a withdrawal. */
  "consent.changed": ConsentChanged;
  /** A page of the storefront was looked at. */
  "page.viewed": PageViewed;
  /** A browser takes push messages of the shop. */
  "push.subscribed": PushChanged;
  /** A browser takes no push messages any more. */
  "push.unsubscribed": PushChanged;
  /** A visitor searched the storefront. */
  "search.performed": SearchPerformed;
  /** Something was put on a wishlist, or taken off it. */
  "wishlist.updated": WishlistUpdated;
  /** A form of the storefront was sent. */
  "form.submitted": FormSubmitted;
  /** A cart changed; the event has the whole cart. */
  "cart.updated": CartUpdated;
  /** Somebody began to check out. */
  "checkout.started": CheckoutChanged;
  /** A checkout changed, or became an order. */
  "checkout.updated": CheckoutChanged;
  /** An order was placed. */
  "order.placed": OrderChanged;
  /** An order is paid. */
  "order.paid": OrderChanged;
  /** An order was cancelled. */
  "order.cancelled": OrderChanged;
  /** A status of an order is another than it was. */
  "order.status_changed": OrderChanged;
  /** The shop deleted an order. */
  "order.deleted": OrderChanged;
  /** An invoice was made out. */
  "invoice.created": InvoiceChanged;
  /** An invoice is paid. */
  "invoice.paid": InvoiceChanged;
  /** An invoice was not paid in time. */
  "invoice.overdue": InvoiceChanged;
  /** An invoice was cancelled. */
  "invoice.cancelled": InvoiceChanged;
  /** A payment arrived. */
  "payment.received": PaymentChanged;
  /** A payment failed. */
  "payment.failed": PaymentChanged;
  /** A customer or bank contests a payment. */
  "dispute.opened": DisputeChanged;
  /** Something of a dispute changed. */
  "dispute.updated": DisputeChanged;
  /** A dispute was won, lost or accepted. */
  "dispute.closed": DisputeChanged;
  /** A parcel has left. */
  "shipment.created": ShipmentChanged;
  /** There is news of a shipment, or something was fulfilled that is not a parcel. */
  "shipment.updated": ShipmentChanged;
  /** A parcel was delivered. */
  "shipment.delivered": ShipmentChanged;
  /** Money went back to the customer. */
  "refund.created": RefundCreated;
  /** A customer wants to send something back. */
  "return.requested": ReturnChanged;
  /** The shop agreed to a return. */
  "return.approved": ReturnChanged;
  /** The shop declined a return. */
  "return.declined": ReturnChanged;
  /** What was sent back has arrived. */
  "return.received": ReturnChanged;
  /** A return is over. */
  "return.closed": ReturnChanged;
  /** The stock of a variant is another than it was. */
  "product.stock_changed": StockChanged;
  /** A variant is in stock again. */
  "product.restocked": StockChanged;
  /** A product was added. */
  "product.created": ProductChanged;
  /** Something of a product changed. */
  "product.updated": ProductChanged;
  /** The price of a variant is another than it was. */
  "product.price_changed": ProductChanged;
  /** A product was deleted. */
  "product.deleted": ProductChanged;
  /** A customer wants to hear when a product is in stock again. */
  "back_in_stock.requested": ProductRequested;
  /** A customer wants to hear when a product is cheaper. */
  "price_drop.requested": ProductRequested;
  /** A coupon was made. */
  "coupon.created": CouponChanged;
  /** Something of a coupon changed. */
  "coupon.updated": CouponChanged;
  /** A coupon was deleted. */
  "coupon.deleted": CouponChanged;
  /** A coupon was redeemed. Relevo itself says so of a code that a workflow took. */
  "coupon.redeemed": CouponChanged;
  /** A coupon is not valid any more. Relevo itself says so of a code that a workflow took. */
  "coupon.expired": CouponChanged;
  /** A pool of codes runs low. Relevo itself says so, once each time. */
  "coupons.low": CouponPoolChanged;
  /** A pool of codes that ran low has enough again. */
  "coupons.refilled": CouponPoolChanged;
  /** A subscription began. */
  "subscription.created": SubscriptionChanged;
  /** Something of a subscription changed. */
  "subscription.updated": SubscriptionChanged;
  /** A subscription was cancelled. */
  "subscription.cancelled": SubscriptionChanged;
  /** A period of a subscription was paid. */
  "subscription.billed": SubscriptionChanged;
  /** A payment of a subscription failed. */
  "subscription.billing_failed": SubscriptionChanged;
  /** Somebody asks for a quote. */
  "quote.requested": QuoteChanged;
  /** A quote was sent. */
  "quote.sent": QuoteChanged;
  /** A quote was accepted. */
  "quote.accepted": QuoteChanged;
  /** A quote was declined. */
  "quote.declined": QuoteChanged;
  /** A quote is not valid any more. */
  "quote.expired": QuoteChanged;
  /** A mail server, or a telephone, took a message. */
  "message.delivered": MessageChanged;
  /** A message could not be delivered. */
  "message.bounced": MessageChanged;
  /** The recipient of a mail reported it as spam; no marketing is sent there any more. */
  "message.complained": MessageChanged;
  /** A person opened a mail. */
  "message.opened": MessageEngagement;
  /** A person followed a link of a message. */
  "message.clicked": MessageEngagement;
  /** A machine opened a message or followed a link of it: a scanner, or a fetch in advance. */
  "message.scanned": MessageEngagement;
  /** Somebody wrote to the shop: a reply to a message, or a text to its number. */
  "message.received": MessageReceived;
  /** Somebody answered a survey that a message asked them to, or answered it anew. */
  "survey.answered": SurveyAnswered;
  /** The shop removed the connection. */
  "shop.disconnected": ShopChanged;
  /** Everything of the shop is to be erased. */
  "shop.redacted": ShopChanged;
  [type: `custom.${string}`]: CustomEvent;
}
