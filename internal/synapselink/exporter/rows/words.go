package rows

import "strings"

// The vocabulary. Changing it changes every export of a given seed.
var (
	firstNames = split(`Anna Ben Carla David Elif Farid Greta Hanna Ivan Julia Karim Lena Marco Nina Oskar Paula
		Quentin Rosa Samir Tess Uma Viktor Wanda Xenia Yusuf Zoë Aisha Bruno Chloé Diego Emma Finn Grace Hugo Ines
		Jonas Katja Liam Maya Noah Olga Pedro Ravi Sofia Tomás Ursula Vera William Yara Łukasz`)
	lastNames = split(`Adams Becker Costa Dubois Eriksen Fischer García Hansen Ivanova Jensen Kowalski Lopez Müller
		Novak Okafor Petrov Quinn Rossi Schmidt Tanaka Ueda Virtanen Weber Xu Yilmaz Zimmermann Andersson Brown
		Cohen Díaz Evans Ferrari Grant Horvat Iyer Johnson Klein Larsen Meyer Nguyen Olsen Patel Ramos Singh
		Taylor Vogel Walker Young O'Brien MacLeod`)
	companyHeads = split(`Bluehaven Copperline Northgate Silverpine Redwood Brightwater Stonebridge Greenfield
		Oakmont Lakeshore Ironwood Clearview Fairhaven Goldcrest Highland Kingsway Maplewood Riverbend Summit
		Westbrook Eastfield Harbour Juniper Meridian`)
	companyKinds = split(`Logistics Foods Textiles Robotics Consulting Pharma Energy Printing Furniture Software
		Packaging Marine Optics Tools Insurance Media`)
	companyForms = split(`Ltd GmbH Inc B.V. S.A. AB LLC`)
	streets      = split(`Station_Road Mill_Lane High_Street Elm_Avenue Harbour_Way Rose_Court Kirchweg Hauptstraße
		Park_Row King_Street Canal_Side Bridge_Street Market_Square Chestnut_Drive Hillside Orchard_Close`)
	mailDomains = split(`example.com example.org example.net mail.example.com`)
	phrases     = split(`Asked_for_a_quote_by_Friday. Delivery_was_late_again,_customer_is_not_amused.
		Prefers_to_be_called_in_the_morning. Said_"no_thanks"_to_the_maintenance_contract.
		Wants_an_offer_for_20,_50_and_100_pieces. Invoice_address_differs_from_the_delivery_address.
		Met_at_the_trade_fair,_very_interested. Left_a_message_on_the_answering_machine.
		Needs_approval_from_head_office. Compare_with_last_year's_order. Budget_is_released_in_Q3.
		Contract_runs_out_next_spring,_follow_up_in_January. Sent_the_brochure_"Spring_line".
		Complained_about_the_packaging_(photos_attached). Is_on_holiday_until_the_15th.
		Asked_whether_size_10"_is_in_stock. Spoke_to_the_warehouse;_two_pallets_are_missing.
		Reference_customer,_treat_with_care. Will_decide_after_the_board_meeting. Überweisung_ist_eingegangen.`)
	topics = split(`Spare_parts_for_line_2 Service_contract_renewal Fleet_of_12_vans New_warehouse_shelving
		Office_move Annual_supply_agreement Pilot_with_20_users Packaging_redesign Solar_roof_for_hall_B
		Training_for_the_sales_team Replacement_of_the_old_press Frame_agreement,_three_years`)
	subjects = split(`Parcel_arrived_damaged Cannot_log_in_to_the_portal Wrong_item_delivered Invoice_is_missing
		Machine_stops_after_10_minutes Question_about_the_warranty Request_for_a_return_label Display_stays_dark
		Order_not_confirmed Price_differs_from_the_offer Noise_from_the_gearbox Please_call_back`)
)

// place keeps city, state, postcode and country of one address together. In
// zip, '#' stands for a digit.
type place struct{ city, state, zip, country string }

var places = []place{
	{"Seattle", "WA", "98###", "United States"}, {"Austin", "TX", "78###", "United States"},
	{"Boston", "MA", "02###", "United States"}, {"Denver", "CO", "80###", "United States"},
	{"Leeds", "West Yorkshire", "LS# #AB", "United Kingdom"}, {"Bristol", "Avon", "BS# #QT", "United Kingdom"},
	{"München", "Bayern", "80###", "Germany"}, {"Hamburg", "Hamburg", "20###", "Germany"},
	{"Lyon", "Rhône", "69###", "France"}, {"Bordeaux", "Gironde", "33###", "France"},
	{"Malmö", "Skåne", "21# ##", "Sweden"}, {"Utrecht", "Utrecht", "35## BX", "Netherlands"},
	{"Gdańsk", "Pomorskie", "80-###", "Poland"}, {"Torino", "Piemonte", "10###", "Italy"},
	{"Valencia", "Comunidad Valenciana", "46###", "Spain"}, {"Toronto", "ON", "M#B #K#", "Canada"},
}

// lists are the words of the fill "word(list)".
var lists = map[string][]string{
	"alias":       split(`admin axjobs jhansen mrossi ppatel lweber batchsvc`),
	"area":        split(`usmf demf gbsi frrt`),
	"city":        split(`Seattle Leeds Hamburg Lyon Utrecht Torino`),
	"countrycode": split(`USA GBR DEU FRA SWE NLD`),
	"currency":    split(`USD EUR GBP SEK`),
	"custgroup":   split(`10 20 30 40 80 90`),
	"department":  split(`Sales Purchasing Finance Production IT Quality Logistics`),
	"district":    split(`North South East West`),
	"dlvmode":     split(`10 20 Air Truck Pickup`),
	"dlvterm":     split(`CIF DAP EXW FOB`),
	"job": split(`Buyer Head_of_Purchasing Accountant Sales_Manager Plant_Manager Owner Engineer Controller
		Office_Manager IT_Administrator Chief_Financial_Officer Warehouse_Clerk Marketing_Lead`),
	"language":            split(`en-us en-gb de fr sv nl`),
	"paymmode":            split(`CHECK ELECTRONIC SEPA CASH`),
	"rating":              split(`A B C D`),
	"salutation":          split(`Mr. Ms. Dr. Prof.`),
	"segment":             split(`Retail Industry Public Wholesale`),
	"stage":               split(`1-Qualify 2-Develop 3-Propose 4-Close`),
	"taxgroup":            split(`AVATAX CA DE-DOM EU NON-EU`),
	"term":                split(`Net10 Net30 Net45 Net60 COD`),
	"tier":                split(`Bronze Silver Gold`),
	"transactioncurrency": split(`US_Dollar Euro Pound_Sterling`),
	"businessunit":        split(`contoso contoso_Europe contoso_Retail contoso_Service`),
	"product":             split(`Pump_P-100 Valve_V2 Display_kit Gearbox_G7 Sensor_set Filter_cartridge`),
	"subjectname":         split(`Query Delivery Service Products`),
	"cdm_company":         split(`usmf demf gbsi frrt`),
}

// split cuts a list at white space; '_' in a word is a blank.
func split(s string) []string {
	words := strings.Fields(s)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "_", " ")
	}
	return words
}

var foldAccents = strings.NewReplacer("ë", "e", "é", "e", "ü", "ue", "á", "a", "í", "i", "Ł", "L", "'", "", " ", "")

// mailForms are names as they appear in e-mail addresses.
func mailForms(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(foldAccents.Replace(n))
	}
	return out
}

var firstMail, lastMail, companyMail = mailForms(firstNames), mailForms(lastNames), mailForms(companyHeads)
